// What can be chosen at the top of a dashboard.
local panels = import 'panels.libsonnet';

function(config) {
  local v = self,
  local exporters = 'job=~"$job",instance=~"$instance"',

  datasource:: {
    type: 'datasource',
    name: 'datasource',
    label: 'Data source',
    query: 'prometheus',
    hide: 0,
    includeAll: false,
    multi: false,
    refresh: 1,
    regex: '',
    skipUrlSync: false,
    options: [],
  },

  // every: the regular expression that All stands for; null for one value only.
  query(name, label, query, every=null, description=''):: {
    type: 'query',
    name: name,
    label: label,
    description: description,
    datasource: panels.datasource,
    query: { query: query, refId: 'variable-' + name, qryType: 1 },
    refresh: 2,
    regex: '',
    sort: 7,
    hide: 0,
    skipUrlSync: false,
    options: [],
    multi: every != null,
    includeAll: every != null,
    [if every != null then 'allValue']: every,
    [if every != null then 'current']: { selected: true, text: ['All'], value: ['$__all'] },
  },

  // Which exporters: there in every dashboard.
  places:: [
    v.datasource,
    v.query('job', 'Job', 'label_values(siptrunk_exporter_build_info, job)', '.+'),
    v.query('instance',
            'Instance',
            'label_values(siptrunk_exporter_build_info{job=~"$job"}, instance)',
            '.+',
            'The exporters, that is the places that trunks are probed from'),
  ],

  // Trunks need not have these labels; All must match those without them too.
  labels:: [
    v.query('carrier',
            'Carrier',
            'label_values(siptrunk_info{%s}, carrier)' % exporters,
            '.*'),
    v.query('site',
            'Site',
            'label_values(siptrunk_info{%s,carrier=~"$carrier"}, site)' % exporters,
            '.*'),
  ],

  trunk(every)::
    v.query('trunk',
            'Trunk',
            'label_values(siptrunk_info{%s,carrier=~"$carrier",site=~"$site"}, trunk)'
            % exporters,
            every),

  // Whatever other labels the trunks have.
  filters:: {
    type: 'adhoc',
    name: 'filters',
    label: 'More labels',
    hide: 0,
    description: 'Filters by any label that the trunks have',
    datasource: panels.datasource,
    skipUrlSync: false,
  },

  // How to reach the exporters' pages; set by var-scheme=https in the address.
  scheme:: {
    type: 'custom',
    name: 'scheme',
    label: 'Status pages by',
    description: 'Whether the exporters serve http or https; for links',
    query: 'http,https',
    hide: 2,
    multi: false,
    includeAll: false,
    skipUrlSync: false,
    current: { selected: true, text: 'http', value: 'http' },
    options: [{ text: s, value: s, selected: s == 'http' } for s in ['http', 'https']],
  },
}
