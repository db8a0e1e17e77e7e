// Where a click leads: a column's links, and those at the top of a dashboard.
function(config) {
  local carried = '${__url_time_range}&var-datasource=${datasource}&${job:queryparam}',
  local cell(field) = '${__data.fields.%s:percentencode}' % field,
  local link(title, url, newTab) = { title: title, targetBlank: newTab, url: url },
  local dashboard(name) = '/d/' + config.dashboardUidPrefix + name + '?',

  // The exporter of a row as mails name it, by the scheme that the dashboard's address says.
  local base =
    local plain = std.strReplace(config.exporterUrl,
                                 '{{ $labels.instance }}',
                                 '${__data.fields.Instance}');
    local at = std.findSubstr('://', plain);
    if std.length(at) > 0 then '${scheme}' + plain[at[0]:] else plain,

  // From a row with a trunk to that trunk's dashboard.
  trunk(field='Trunk')::
    link('Everything about this trunk',
         dashboard('trunk') + carried + '&${instance:queryparam}&${scheme:queryparam}'
         + '&var-trunk=' + cell(field),
         false),

  // From a row with a trunk and an instance to the exporter's own page.
  status(field='Trunk')::
    link("Last probes, on the exporter's status page", base + 'trunks/' + cell(field), true),

  page()::
    link("The exporter's status page", base, true),

  exporter()::
    link('This exporter',
         dashboard('exporter') + carried + '&${scheme:queryparam}'
         + '&var-instance=' + cell('Instance'),
         false),

  // At the top of a dashboard: takes time and the named variables along.
  dashboard(title, name, carry):: {
    title: title,
    type: 'link',
    icon: 'dashboard',
    url: dashboard(name) + std.join('&', ['${%s:queryparam}' % name for name in carry]),
    tooltip: title + ': same time, same place',
    tags: [],
    asDropdown: false,
    targetBlank: false,
    includeVars: false,
    keepTime: true,
  },
}
