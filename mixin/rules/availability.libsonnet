// What a report on availability needs, kept small enough for thirteen months. Expressions are
// lists of lines until they are printed.
{
  local config = $._config,

  // The longest scrape interval with which every second is known.
  local AHEAD_S = 60,
  // How finely a minute is looked at. What this costs, docs/availability.md says.
  local STEP_S = config.availabilityStepSeconds,
  // How long a trunk may be out of sight and its outage still be the same one.
  local SAME_OUTAGE = '10m',

  // A selector, its range, and how many seconds ago; before 0 is later.
  local series(name, range='', ago=0, more='') =
    local matchers = std.join(', ', [m for m in [config.siptrunkSelector, more] if m != '']);
    name
    + (if matchers == '' then '' else '{' + matchers + '}')
    + (if range == '' then '' else '[' + range + ']')
    + (if ago == 0 then '' else ' offset %ds' % ago),

  local ENTERED = 'siptrunk_state_changed_timestamp_seconds',
  local CHANGES = 'siptrunk_state_changes_total',
  local RELOADED = 'siptrunk_exporter_config_last_reload_success_timestamp_seconds',
  local UNTIL = 'siptrunk_paused_until_timestamp_seconds',

  local in_(lines) = ['  ' + line for line in lines],
  local braced(lines, before='', after='') = [before + '('] + in_(lines) + [')' + after],
  // What is put before the first line, and after the last.
  local around(before, lines, after='') =
    [
      (if i == 0 then before else '') + lines[i] + (if i == std.length(lines) - 1 then after else '')
      for i in std.range(0, std.length(lines) - 1)
    ],
  local print(lines) = std.join('\n', lines) + '\n',

  local moment(ago) = if ago == 0 then 'time()' else '(time() - %d)' % ago,

  // Of the next scrape. 59999ms leaves out one at the moment itself, whether Prometheus takes
  // in the left end of a range (2.x) or not (3.x).
  local next(name, ago) = 'min_over_time(%s)' % series(name, '59999ms', ago - AHEAD_S),

  local next_up(ago) = '(last_over_time(%s) or last_over_time(%s))' % [
    series('siptrunk_up', '15s', ago - 15),
    series('siptrunk_up', '59999ms', ago - AHEAD_S),
  ],

  // The next scrape tells of one state more than the one before.
  local one_more(ago) = '%s - %s == 1' % [next(CHANGES, ago), series(CHANGES, ago=ago)],

  // `1 *` takes the name away, as functions do: the seconds of a minute are one series.

  // When the state was entered that stood at a moment; nothing where nobody can know.
  local entered(ago=0) = [
    '%s < %s' % [next(ENTERED, ago), moment(ago)],
    'or',
    '1 * ' + series(ENTERED, ago=ago),
    'and ' + one_more(ago),
  ],

  // The same where that state was down.
  local entered_down(ago=0) = [
    '%s < %s' % [next(ENTERED, ago), moment(ago)],
    'and %s == 0' % next_up(ago),
    'or',
    '1 * ' + series(ENTERED, ago=ago),
    'and %s == 0' % series('siptrunk_up', ago=ago),
    'and %s >= %s' % [next(ENTERED, ago), moment(ago)],
    'and ' + one_more(ago),
  ],

  // When an outage ended, at the first step that has seen it end.
  local ended =
    braced(entered(), '', ' > time() - %d' % STEP_S) + braced(entered_down(STEP_S), 'and '),

  // A vector on the stroke of the minute, whenever in it the group has its turn.
  local minute(lines) = braced(lines, 'last_over_time(', '[59999ms:1m])'),
  // Every second of the minute that ended a minute before.
  local seconds(aggregate, lines) =
    minute(braced(lines, aggregate + '(', '[59s:%ds] offset 1m)' % STEP_S)),
  local counted = (if STEP_S == 1 then '' else '%d * ' % STEP_S) + 'count_over_time',

  // Paused at a moment past: by the scrape after it, if nothing was reloaded between; or by the
  // one before it, if there is one after it, and what that tells of came later.
  local planned = [
    '1 * last_over_time(%s)' % series('siptrunk_paused', '15s', -15),
    'unless on (job, instance) %s >= time()' % series(RELOADED, ago=-15),
    'or',
    'timestamp(%s) >= on (job, instance) group_left () timestamp(%s)' % [series('siptrunk_paused'), series('up')],
    'unless %s <= time()' % series(UNTIL),
    'unless on (job, instance) (%s < time() != %s)' % [series(RELOADED, ago=-15), series(RELOADED)],
    'and on (job, instance) %s == 1' % series('up', ago=-15),
  ],

  local rounded(lines) = ['round('] + in_(around('', lines, ',')) + ['  0.001', ')'],

  local goes_on = [
    'last_over_time(%s)' % series(ENTERED, SAME_OUTAGE, 120),
    'and last_over_time(%s) == 0' % series('siptrunk_up', SAME_OUTAGE, 120),
    'and max_over_time(%s) > time() - 120 <= time() - 60' % series(ENTERED, '75s', 45),
    'and last_over_time(%s) == 0' % series('siptrunk_up', '75s', 45),
    'and last_over_time(%s) == 1' % series(CHANGES, '75s', 45),
  ],

  // By how much a counter of single checks went on, as one figure a trunk.
  local went_on(label, name, more) =
    local now = series(name, ago=45, more=more), before = series(name, ago=165, more=more);
    braced([
      'label_replace(',
      '  %s - %s > 0' % [now, before],
      '  or',
      '  %s > 0 unless %s,' % [now, before],
      '  "cause", "$1", "%s", "(.*)"' % label,
      ')',
    ], 'sum without (method, address, transport, %s) ' % label),
  local causes =
    braced(
      went_on('reason', 'siptrunk_probe_failures_total', 'reason!="response"')
      + ['or']
      + went_on('code', 'siptrunk_probe_responses_total', 'code=~"[3-6].."')
    ) + ['and on (job, instance, trunk) min_over_time(%s) == 0' % series('siptrunk_up', '75s', 45)],

  local OVER = { first: 'min_over_time', last: 'max_over_time' },

  prometheusRules+:: {
    groups+: [{
      why:: |||
        What a report on availability needs for thirteen months: one series a trunk, and some
        more in the minutes of an outage or of planned work (docs/availability.md).
        Each rule speaks of one whole minute of the clock, the one that ended one to two minutes
        ago: by then a scrape has told of every second of it. A minute without a run of these
        rules is a minute not monitored, and nothing makes it up. No rule reads another, so
        that `promtool tsdb create-blocks-from rules` can make them of the scrapes there are.
        What state stood at a second, the next scrape tells: since when its own state stands, if
        that is earlier; else that one state was entered since the scrape before, which then
        stood until that. If the counter of states began anew, or went on by more than one,
        nobody knows what was between the two scrapes.
      |||,
      name: 'siptrunk-availability',
      interval: '1m',
      rules: [
        {
          why:: 'The end of the minute that these rules speak of: up to when there are figures.',
          record: 'siptrunk:availability:recorded_timestamp_seconds',
          expr: 'vector(time() - time() % 60 - 60)',
        },
        {
          why:: 'Seconds of the minute of which the state is known.',
          record: 'siptrunk:monitored_seconds:minute',
          expr: print(seconds(counted, entered())),
        },
        {
          why:: 'Of these, those down; of a second in which an outage begins or ends, its part.',
          record: 'siptrunk:down_seconds:minute',
          expr: print(seconds('sum_over_time', braced(entered_down(), 'clamp_max(time() - ', ', %d)' % STEP_S)
                                               + ['or']
                                               + braced(ended, '', ' - (time() - %d)' % STEP_S))),
        },
        {
          why:: 'Seconds of the minute for which the trunk was paused.',
          record: 'siptrunk:planned_seconds:minute',
          expr: print(seconds(counted, planned)),
        },
      ] + [
        {
          why:: 'When the %s outage of the minute began: the state was entered.' % outage,
          record: 'siptrunk:outage:begin_timestamp_seconds',
          labels: { outage: outage },
          expr: print(rounded(seconds(OVER[outage], entered_down()))),
        }
        for outage in std.objectFields(OVER)
      ] + [
        {
          why:: 'When the %s outage of the minute ended: another state was entered.' % outage,
          record: 'siptrunk:outage:end_timestamp_seconds',
          labels: { outage: outage },
          expr: print(rounded(seconds(OVER[outage], ended))),
        }
        for outage in std.objectFields(OVER)
      ] + [
        {
          why:: 'Up to when an outage is known to last that nobody saw end.',
          record: 'siptrunk:outage:until_timestamp_seconds',
          labels: { outage: 'last' },
          expr: print(seconds('max_over_time', braced(entered_down(), 'time() + 0 * '))),
        },
        {
          why:: |||
            The outage that one goes on from, which is the first thing that an exporter sees
            after it was started, or a trunk that was changed: down it was before as well.
          |||,
          record: 'siptrunk:outage:goes_on_from_timestamp_seconds',
          labels: { outage: 'last' },
          expr: print(rounded(minute(goes_on))),
        },
        {
          why:: |||
            Why probes failed while the trunk was down: the reason, or the code of a response.
            Counted over two minutes, since an outage begins with the last of several failures.
          |||,
          record: 'siptrunk:outage:causes:minute',
          expr: print(minute(causes)),
        },
      ],
    }],
  },
}
