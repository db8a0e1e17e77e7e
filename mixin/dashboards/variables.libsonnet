// What can be chosen at the top of a dashboard.
local panels = import 'panels.libsonnet';

function(config) {
  local v = self,
  local selectors = (import 'queries.libsonnet')(config).selectors,
  local unhidden(wanted) = if wanted then 0 else 2,

  datasource:: {
    type: 'datasource',
    name: 'datasource',
    label: 'Data source',
    query: 'prometheus',
    hide: unhidden(config.dashboardShowDatasource),
    includeAll: false,
    multi: false,
    refresh: 1,
    regex: '',
    skipUrlSync: false,
    options: [],
    [if config.dashboardDatasource != '' then 'current']: {
      selected: true,
      text: config.dashboardDatasource,
      value: config.dashboardDatasource,
    },
  },

  // every: the regular expression that All stands for; null for one value only.
  query(name, label, query, every=null, hide=0):: {
    type: 'query',
    name: name,
    label: label,
    datasource: panels.datasource,
    query: { query: query, refId: 'variable-' + name, qryType: 1 },
    refresh: 2,
    regex: '',
    sort: 7,
    hide: hide,
    skipUrlSync: false,
    options: [],
    multi: every != null,
    includeAll: every != null,
    [if every != null then 'allValue']: every,
    [if every != null then 'current']: { selected: true, text: ['All'], value: ['$__all'] },
  },

  local values(metric, selector, label) = 'label_values(%s%s, %s)' % [
    metric,
    if selector == '' then '' else '{%s}' % selector,
    label,
  ],

  // Which exporters: there in every dashboard.
  places:: [
    v.datasource,
    v.query('job',
            'Job',
            values('siptrunk_exporter_build_info', config.siptrunkSelector, 'job'),
            '.+',
            unhidden(config.dashboardShowJob)),
    v.query('instance',
            'From',
            values('siptrunk_exporter_build_info', selectors.job, 'instance'),
            '.+'),
  ],

  // Trunks need not have these labels; All must match those without them too.
  labels:: [
    v.query('carrier',
            'Carrier',
            values('siptrunk_info', selectors.exporter, config.carrierLabel),
            '.*'),
    v.query('site',
            'Site',
            values('siptrunk_info', selectors.carrier, config.siteLabel),
            '.*'),
  ],

  trunk(every, selector=selectors.site, hide=0):: v.query('trunk',
                                                          'Trunk',
                                                          values('siptrunk_info', selector, 'trunk'),
                                                          every,
                                                          hide),
  trunks:: v.trunk('.*', hide=unhidden(config.dashboardShowTrunk)),
  // One of all that the exporters have, whatever the carrier and the site: those come along
  // from the fleet's dashboard and go back there.
  oneTrunk:: v.trunk(null, selectors.exporter),

  // Whatever other labels the trunks have.
  filters:: {
    type: 'adhoc',
    name: 'filters',
    label: 'Labels',
    hide: unhidden(config.dashboardShowLabels),
    datasource: panels.datasource,
    skipUrlSync: false,
  },

  // How to reach the exporters' pages; set by var-scheme=https in the address.
  scheme::
    local first = if std.startsWith(config.exporterUrl, 'https:') then 'https' else 'http';
    {
      type: 'custom',
      name: 'scheme',
      label: 'Status pages by',
      description: 'Whether the exporters serve http or https; for links',
      query: 'http,https',
      hide: 2,
      multi: false,
      includeAll: false,
      skipUrlSync: false,
      current: { selected: true, text: first, value: first },
      options: [{ text: s, value: s, selected: s == first } for s in ['http', 'https']],
    },

  hidden(variables):: [variable { hide: 2 } for variable in variables],
}
