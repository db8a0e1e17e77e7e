// What is marked in every graph.
local colours = import 'colours.libsonnet';
local panels = import 'panels.libsonnet';

function(config) {
  local a = self,
  local queries = (import 'queries.libsonnet')(config),

  // One mark where something begins: what lasts would be painted over every panel. Switches
  // for marks would fill the rows that are for variables; the settings of the dashboard have
  // them.
  mark(name, expr, colour, title, text, enable=true, tags=''):: {
    name: name,
    datasource: panels.datasource,
    enable: enable,
    hide: true,
    iconColor: colour,
    expr: expr,
    step: '1m',
    titleFormat: title,
    textFormat: text,
    tagKeys: tags,
    useValueForTime: false,
  },

  // A series that is above its value of a minute ago.
  local rose(selector) = '%s > %s offset 1m' % [selector, selector],
  local place = config.carrierLabel + ',' + config.siteLabel,

  states(sel, others):: [
    a.mark('Went down',
           queries.became('siptrunk_state{%s,state="down"}' % sel, sel),
           colours.red,
           '{{trunk}} went down',
           'seen from {{instance}}',
           tags=place),
    a.mark('Other state changes',
           queries.became('siptrunk_state{%s,state!="down"}' % sel, sel),
           colours.blue,
           '{{trunk}} became {{state}}',
           'seen from {{instance}}',
           others,
           place),
  ],

  alerts(sel, enable=true)::
    local firing = 'ALERTS{alertname=~"SipTrunk.+",alertname!="SipTrunkWatchdog",alertstate="firing",%s}' % sel;
    a.mark('Alerts',
           '%s unless %s offset 1m' % [firing, firing],
           colours.amber,
           '{{alertname}} {{trunk}}',
           'severity {{severity}}',
           enable,
           'severity,' + place),

  exporters(sel, enable=true)::
    local worked = 'siptrunk_exporter_config_last_reload_successful{%s}' % sel;
    [
      a.mark('Configuration reloaded',
             rose('siptrunk_exporter_config_last_reload_success_timestamp_seconds{%s}' % sel),
             colours.teal,
             'Configuration reloaded',
             '{{instance}}',
             enable),
      a.mark('Reload failed',
             '%s == 0 and %s offset 1m == 1' % [worked, worked],
             colours.red,
             'The configuration in use is not the one on disk',
             '{{instance}}',
             enable),
      a.mark('Exporter started',
             queries.ofExporters(rose('process_start_time_seconds{%s}' % sel), sel),
             colours.purple,
             'Exporter started',
             '{{instance}}',
             enable),
    ],
}
