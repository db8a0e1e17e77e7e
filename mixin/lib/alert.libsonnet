// Alerts on problems that are recorded.
//
// Waiting is in the expression and not in `for`: Prometheus does not restore a `for` of less
// than ten minutes, so that its restart would end alerts, and begin them anew minutes later.
// What is recorded outlives a restart.
//
// An alert outlives its problem for an instant, with the labels ending and ended: these are
// the last annotations that Alertmanager gets of it, and so what the mail about its end can
// say. Only an alert that fires has such an end.
//
// Labels that only serve the text are taken off again, so that they do not make another
// alert of it. A label's text must not be empty for that, only what it comes to.
function(config)
  local text = (import 'text.libsonnet')(config);
  local off(names) = { [name]: '{{ "" }}' for name in names };
  local TRUNK = 'job, instance, trunk';

  local firing(a) = 'ALERTS{alertname="' + a.alert + '",alertstate="firing",severity="' + a.severity + '"}';

  // @lasting, or what is recorded under @family of the problem that ended, of an alert that
  // fires; never both, which a turn in the middle of the recording rules' would see.
  local until_told(a, lasting, family, key_alert) =
    lasting + 'or on (' + key_alert + ') (\n' + family + ':told{problem="' + a.problem + '"}\n'
    + 'and on (' + key_alert + ') ' + firing(a) + '\n)\n';

  // Without labels that no text of it quotes: to take them off here costs next to nothing,
  // by an empty text it is a template more for each alert and turn.
  local without(names, expr) = 'max without (' + std.join(', ', names) + ') (\n' + expr + ')\n';

  // A further condition may be gone with the problem a turn before the end is recorded: what
  // fires stands until then.
  local trunk_standing(a) =
    'siptrunk:problem:explained{problem="' + a.problem + '"}\n'
    + 'and on (' + TRUNK + ', problem) siptrunk:problem:seen_timestamp_seconds{problem="' + a.problem + '"} <= (time() - ' + a.wait_s + ')\n'
    + (if a.only == null then '' else
         'and on (' + TRUNK + ') (\n' + a.only + '\n'
         + 'or on (' + TRUNK + ') (\n' + firing(a) + '\n'
         + 'unless on (' + TRUNK + ') siptrunk:problem{problem="' + a.problem + '"}\n)\n)\n');

  local trunk_measured(a) =
    local standing = trunk_standing(a);
    if a.more == null then standing else
      '(\n' + standing + ') * on (' + TRUNK + ') group_left (' + std.join(', ', a.more_labels) + ') (\n'
      + a.more + '\n)\nor on (' + TRUNK + ') (\n' + standing + ')\n';

  local exporter_standing(a, key) =
    'siptrunk:exporter_problem{problem="' + a.problem + '"}\n'
    + '* on (' + key + ') group_left (since)\n'
    + 'count_values without () ("since", max by (' + key + ') (siptrunk:exporter_problem:since_timestamp_seconds{problem="' + a.problem + '"}))\n'
    + 'and on (' + key + ') siptrunk:exporter_problem:seen_timestamp_seconds <= (time() - ' + a.wait_s + ')\n'
    + (if a.only == null then '' else 'and ignoring (since) ' + a.only + '\n');

  // either(so it ended, while it lasts)
  local either(ending, lasting) = '{{ if $labels.ending }}' + ending + '{{ else }}' + lasting + '{{ end }}';

  {
    // on_trunk(o): alert, problem, severity, wait_s, tag, summary, cause, description;
    // optional: more (an expression whose labels, named in more_labels, are brought),
    // quotes (which of the labels check and expired its texts use), only (a further condition), over (how it ended, in words), since (false: there
    // is none to tell; with since_told: the texts have it by themselves), headline, lately (false: without codes and reasons), todo (what to do, behind all else).
    on_trunk(o)::
      local a = {
        only: null,
        more: null,
        more_labels: [],
        quotes: [],
        over: text.over,
        since: true,
        since_told: false,
        why: '',
        lately: true,
        todo: '',
        headline: self.cause + (if self.since then ', since ' + text.at('$value') else ''),
      } + o;
      local ending = text.ending(a.over);
      {
        why:: a.why,
        alert: a.alert,
        expr: without(
          ['problem'] + std.setDiff(['check', 'expired'], a.quotes),
          until_told(a, trunk_measured(a), 'siptrunk:problem', TRUNK)
        ),
        labels: { severity: a.severity, component: 'trunk' }
                + off(['ending', 'ended', 'cause', 'reason', 'code'] + a.quotes + a.more_labels),
        annotations: {
          tag: a.tag,
          summary: a.summary,
          cause: a.cause,
          [if a.since || a.since_told then 'since']: '{{ if not $labels.ending }}' + text.exactly('$value') + '{{ end }}',
          ending: ending,
          headline: either(ending, a.headline),
          description: text.trunk + either(': ' + ending + '.', a.description
                                                               + (if a.since then ' Since ' + text.exactly('$value') + '.' else '')
                                                               + (if a.lately then text.lately else '') + a.todo),
          page_url: text.trunk_page,
          runbook_url: text.runbook(a.alert),
          dashboard_url: text.trunk_dashboard,
        },
      },

    // on_exporter(o): the same of what is recorded in siptrunk:exporter_problem, whose value
    // is the alert's. key: what tells one from another; who: whose it is, when it is over.
    on_exporter(o)::
      local a = {
        key: ['job', 'instance'],
        only: null,
        since: true,
        why: '',
        page: true,
        dashboard: text.exporter_dashboard,
      } + o;
      local key = std.join(', ', a.key + ['problem']);
      local ending = text.ending(text.over);
      {
        why:: a.why,
        alert: a.alert,
        expr: until_told(a, exporter_standing(a, key), 'siptrunk:exporter_problem', std.join(', ', a.key)),
        labels: { severity: a.severity, component: 'exporter' } + off(['problem', 'ending', 'ended', 'since']),
        annotations: {
          tag: a.tag,
          summary: a.summary,
          cause: a.cause,
          since: '{{ if not $labels.ending }}' + text.exactly('$labels.since') + '{{ end }}',
          ending: ending,
          headline: either(ending, a.cause + (if a.since then ', since ' + text.at('$labels.since') else '')),
          description: either(a.who + ': ' + ending + '.', a.description + (if a.since then ' Since ' + text.exactly('$labels.since') + '.' else '')),
          [if a.page then 'page_url']: text.exporter_page,
          runbook_url: text.runbook(a.alert),
          dashboard_url: a.dashboard,
        },
      },
  }
