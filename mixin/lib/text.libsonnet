// What alerts say, as templates of Prometheus. Nothing in it asks a query that is run for
// each alert: what they need, the expression brings as labels (lib/alert.libsonnet).
//
// Texts are joined with +: jsonnet 0.18 formats with % so slowly that it is felt.
function(config)
  local zone = if config.localTime then '.Local' else '';
  local time(value, layout) = '{{ (' + value + ' | toTime)' + zone + '.Format "' + layout + '" }}';
  local ended = time('$labels.ended', '15:04 MST');
  local lasted = '{{ $value | humanizeDuration }}';

  {
    // A time, from a number or a label that holds one.
    at(value):: time(value, '2006-01-02 15:04 MST'),
    exactly(value):: time(value, '2006-01-02 15:04:05 MST'),
    clock(value):: time(value, '15:04 MST'),

    trunk:: 'Trunk {{ $labels.trunk }} ({{ with $labels.' + config.carrierLabel + ' }}carrier {{ . }}, {{ end }}{{ with $labels.' + config.siteLabel + ' }}site {{ . }}, {{ end }}probed from {{ $labels.instance }})',

    // Why probes fail, in words (siptrunk:why).
    why:: '{{ or $labels.cause "no answer" }}',

    // The same for the text below.
    lately:: '{{ with $labels.reason }} Most probes that failed in the last 5 minutes: {{ . }}.{{ end }}{{ with $labels.code }}{{ if not (match "^2" .) }} Most answers: {{ . }}.{{ end }}{{ end }}',

    // What to do about it.
    todo:: '{{ if eq $labels.reason '
           + std.join('{{ else if eq $labels.reason ', [
             '"' + r.reason + '" }} To do: ' + r.advice + '.'
             for r in import 'reasons.libsonnet'
           ]) + '{{ end }}',

    // How it ended. Label ending says how, in words of siptrunk:problem:ending, ended when,
    // and the value is how long it lasted.
    ending(over):: '{{ if eq $labels.ending "over" }}' + over
                   + '{{ else if $labels.ending }}{{ $labels.ending }} since ' + ended + ', it lasted ' + lasted + ' until then{{ end }}',
    over:: 'over since ' + ended + ', it lasted ' + lasted,
    answers_again:: 'answers again at ' + ended + ', the outage lasted ' + lasted,

    // Where to look.
    runbook(alert):: config.runbooksUrl + alert + '.md',
    trunk_page:: config.exporterUrl + @'trunks/{{ $labels.trunk | urlquery | reReplaceAll "\\+" "%20" }}',
    exporter_page:: config.exporterUrl,
    dashboard(name):: config.grafanaUrl + 'd/' + config.dashboardUidPrefix + name,
    trunk_dashboard:: self.dashboard('trunk') + '?var-instance={{ $labels.instance | urlquery }}&var-trunk={{ $labels.trunk | urlquery }}',
    exporter_dashboard:: self.dashboard('exporter') + '?var-instance={{ $labels.instance | urlquery }}',
  }
