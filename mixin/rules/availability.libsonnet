// What a report on availability needs, kept small enough for thirteen months. Expressions are
// lists of lines until they are printed.
{
  local config = $._config,

  // How often a minute is looked at for outages: not less often than it is scraped.
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

  local UP = 'siptrunk_up',
  local ENTERED = 'siptrunk_state_changed_timestamp_seconds',
  local CHANGES = 'siptrunk_state_changes_total',
  local RELOADED = 'siptrunk_exporter_config_last_reload_success_timestamp_seconds',
  local UNTIL = 'siptrunk_paused_until_timestamp_seconds',
  // One series an exporter, in every scrape: its time is that of all that the scrape told.
  local EXPORTER = 'siptrunk_exporter_build_info',

  local in_(lines) = ['  ' + line for line in lines],
  local braced(lines, before='', after='') = [before + '('] + in_(lines) + [')' + after],
  local print(lines) = std.join('\n', lines) + '\n',

  // A vector on the stroke of the minute, whenever in it the group has its turn; the minute
  // that is spoken of is the one before that.
  local minute(lines) = braced(lines, 'last_over_time(', '[59999ms:1m])'),
  local five_minutes(lines) = braced(lines, 'last_over_time(', '[299999ms:5m])'),
  local BEGIN = '(time() - 120)',
  local END = '(time() - 60)',
  // Each second of it.
  local seconds(lines) = braced(lines, 'count_over_time(', '[59s:1s] offset 1m)'),
  // From its begin to a minute after its end, as often as it is scraped.
  local looks(aggregate, lines) = braced(lines, aggregate + '(', '[121s:%ds])' % STEP_S),

  // The next scrape's. 59999ms leaves out one at the moment itself, whether Prometheus takes
  // in the left end of a range (2.x) or not (3.x).
  local next(name) = 'min_over_time(%s)' % series(name, '59999ms', -60),

  // Most trunks most of the time: the first scrape after the minute tells of a state that was
  // entered before it.
  local quiet = 'clamp(min_over_time(%s) <= %s, 60, 60)' % [series(ENTERED, '59999ms'), BEGIN],

  // The seconds of other minutes: the next scrape tells since when its own state stands, or of
  // one state more than the one before. To join all trunks at each second is what would cost:
  // what few trunks have stands on the right, of which Prometheus makes a map, and the two
  // kinds of seconds are added up at the end.
  local own_state = [next(ENTERED) + ' < time()'],
  // Before it enters its first one a trunk has no state, and has counted none.
  local state_before = [
    '(%s > 0) - (%s and %s >= time()) == -1' % [series(CHANGES), next(CHANGES), next(ENTERED)],
  ],
  // The sum of two figures, of which few trunks have the second.
  local together(first, second) = braced(
    first + ['or'] + braced(second + [', "z_second", "1", "", ""'], 'label_replace'),
    'sum without (z_second) '
  ),
  local known = together(seconds(own_state), seconds(state_before)),

  // When the state was entered that a look finds, if it is down.
  local down(ago=0, more='') =
    'round(%s and %s, 0.001)'
    % [series(ENTERED, ago=ago), (if more == '' then '%s' else '(%%s and %s)' % more) % (series(UP, ago=ago) + ' == 0')],
  // A figure of each outage: `began` tells them apart.
  local each(figure, ago=0, more='', on='ignoring (began)') = [
    'count_values without () ("began", %s)' % down(ago, more),
    '* %s group_left ()' % on,
    figure,
  ],

  local began = looks('max_over_time', each(down())),
  // Of those that began since then; of all others it is known to lie before the minute.
  local just_began = looks('max_over_time', [
    'count_values without () ("began", %s)' % down(more=fresh),
    '* ignoring (began) group_left ()',
    'round(%s, 0.001)' % fresh,
  ]),
  // One state more than at the look before.
  local fresh = series(ENTERED) + ' > time() - 120',
  local ended = looks('max_over_time', each(
    '(round(%s, 0.001) and %s - (%s and %s) == -1)'
    % [fresh, series(CHANGES, ago=STEP_S), series(CHANGES), fresh],
    STEP_S,
    fresh
  )),
  // The last scrape that told of it.
  local told = looks('max_over_time', each(
    'max by (job, instance) (timestamp(%s))' % series(EXPORTER), on='on (job, instance)'
  )),
  local until = braced(ended + ['or'] + told),

  // Paused at a moment past: by the scrape after it, if nothing was reloaded between; or by the
  // one before it, if there is one after it, and what that tells of came later.
  local planned = [
    '1 * last_over_time(%s)' % series('siptrunk_paused', '15s', -15),
    'unless on (job, instance) %s >= time()' % series(RELOADED, ago=-15),
    'or',
    'timestamp(%s) >= on (job, instance) group_left () max by (job, instance) (timestamp(%s))' % [series('siptrunk_paused'), series('up')],
    'unless %s <= time()' % series(UNTIL),
    'unless on (job, instance) (%s < time() != %s)' % [series(RELOADED, ago=-15), series(RELOADED)],
    'and on (job, instance) %s == 1' % series('up', ago=-15),
  ],

  // The state that was entered first by an exporter, in the minute, if it is down.
  local first_down = [
    'round(max_over_time(%s) > %s <= %s, 0.001)' % [series(ENTERED, '75s', 45), BEGIN, END],
    'and last_over_time(%s) == 0' % series(UP, '75s', 45),
    'and last_over_time(%s) == 1' % series(CHANGES, '75s', 45),
  ],
  local goes_on = [
    'count_values without () ("began",',
  ] + in_(first_down) + [
    ')',
    '* ignoring (began) group_left () (',
    '  round(last_over_time(%s), 0.001)' % series(ENTERED, SAME_OUTAGE, 120),
    '  and last_over_time(%s) == 0' % series(UP, SAME_OUTAGE, 120),
    ')',
  ],

  // In how many scrapes a counter of single checks went on, as one figure a trunk.
  local went_on(label, name, more) =
    braced([
      'label_replace(changes(%s) > 0, "cause", "$1", "%s", "(.*)")' % [series(name, '6m', 45, more), label],
    ], 'sum without (method, address, transport, %s) ' % label),
  // Of several outages in these minutes each gets the commonest one.
  local causes =
    braced(['count_values without () ("began", %s)' % down()], 'max_over_time(', '[316s:%ds] offset 45s)' % STEP_S)
    + ['* on (job, instance, trunk) group_left (cause)']
    + braced(
      went_on('reason', 'siptrunk_probe_failures_total', 'reason!="response"')
      + ['or']
      + went_on('code', 'siptrunk_probe_responses_total', 'code=~"[3-6].."'),
      'topk by (job, instance, trunk) (1, ',
      ')'
    ),

  prometheusRules+:: {
    groups+: [{
      why:: |||
        What a report on availability needs for thirteen months: one series a trunk, and some
        more for each outage and in the minutes of planned work (docs/availability.md).
        Each rule speaks of one whole minute of the clock, the one that ended one to two minutes
        ago: by then a scrape has told of every second of it. A minute without a run of these
        rules is a minute not monitored, and nothing makes it up. No rule reads another, so
        that `promtool tsdb create-blocks-from rules` can make them of the scrapes there are.
        A scrape tells since when its state stands. If the counter of states went on by one
        since the scrape before, the state of that one stood until then; if by more, or if it
        began anew, nobody knows what was between the two.
        An outage has series of its own, told apart by when it began (`began`).
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
          expr: print(minute([quiet, 'or'] + known)),
        },
        {
          why:: 'Of these, those of the outage.',
          record: 'siptrunk:down_seconds:minute',
          expr: print(minute(
            together(
              ['clamp_max('] + in_(until) + [', %s) - %s > 0' % [END, BEGIN]],
              [BEGIN + ' - ('] + in_(just_began) + ['> %s)' % BEGIN]
            ) + ['> 0']
          )),
        },
        {
          why:: 'Seconds of the minute for which the trunk was paused.',
          record: 'siptrunk:planned_seconds:minute',
          expr: print(minute(seconds(planned))),
        },
        {
          why:: 'When an outage began that a scrape near the minute told of: the state was entered.',
          record: 'siptrunk:outage:begin_timestamp_seconds',
          expr: print(minute(began + ['< ' + END])),
        },
        {
          why:: 'The last scrape that told of it, or the end of the minute.',
          record: 'siptrunk:outage:until_timestamp_seconds',
          expr: print(minute(['clamp_max('] + in_(told) + [', ' + END + ') > ' + BEGIN])),
        },
        {
          why:: 'When it ended, if it did in the minute: another state was entered.',
          record: 'siptrunk:outage:end_timestamp_seconds',
          expr: print(minute(ended + ['> %s <= %s' % [BEGIN, END]])),
        },
        {
          why:: |||
            The outage that one goes on from, which is the first thing that an exporter sees
            after it was started, or a trunk that was changed: down it was before as well.
          |||,
          record: 'siptrunk:outage:goes_on_from_timestamp_seconds',
          expr: print(minute(goes_on)),
        },
      ],
    }, {
      why:: |||
        Of all that the report needs this reads by far the most series, those of every reason.
        Nothing is reckoned with it, so that every five minutes are enough.
      |||,
      name: 'siptrunk-outage-causes',
      interval: '5m',
      rules: [
        {
          why:: |||
            Why probes failed while the trunk was down: the reason, or the code of a response.
            Counted over a minute more, since an outage begins with the last of several failures.
          |||,
          record: 'siptrunk:outage:causes:5m',
          expr: print(five_minutes(causes)),
        },
      ],
    }],
  },
}
