// What is marked in every graph.
local colours = import 'colours.libsonnet';
local panels = import 'panels.libsonnet';

function(config) {
  local a = self,
  local queries = (import 'queries.libsonnet')(config),

  mark(name, expr, colour, title, text, enable=true, tags=''):: {
    name: name,
    datasource: panels.datasource,
    enable: enable,
    hide: false,
    iconColor: colour,
    expr: expr,
    step: '1m',
    titleFormat: title,
    textFormat: text,
    tagKeys: tags,
    useValueForTime: false,
  },

  // A series that is above its value of a minute ago has just become the state.
  local became(selector) = '%s > %s offset 1m' % [selector, selector],

  states(sel, allEnabled):: [
    a.mark('Went down',
           became('siptrunk_state{%s,state="down"}' % sel),
           colours.red,
           '{{trunk}} went down',
           'seen from {{instance}}',
           tags='carrier,site'),
    a.mark('Other state changes',
           became('siptrunk_state{%s,state!="down"}' % sel),
           colours.blue,
           '{{trunk}} became {{state}}',
           'seen from {{instance}}',
           allEnabled,
           'carrier,site'),
  ],

  alerts(sel)::
    a.mark('Alerts',
           'ALERTS{alertname=~"SipTrunk.+",alertstate="firing"%s}' % sel,
           colours.amber,
           '{{alertname}} {{trunk}}',
           'severity {{severity}}',
           tags='severity,carrier,site'),

  exporters(sel, enable=true):: [
    a.mark('Configuration reloaded',
           became('siptrunk_exporter_config_last_reload_success_timestamp_seconds{%s}' % sel),
           colours.teal,
           'Configuration reloaded',
           '{{instance}}',
           enable),
    a.mark('Reload failed',
           'siptrunk_exporter_config_last_reload_successful{%s} == 0' % sel,
           colours.red,
           'The configuration in use is not the one on disk',
           '{{instance}}',
           enable),
    a.mark('Exporter started',
           queries.ofExporters(became('process_start_time_seconds{%s}' % sel), sel),
           colours.purple,
           'Exporter started',
           '{{instance}}',
           enable),
  ],
}
