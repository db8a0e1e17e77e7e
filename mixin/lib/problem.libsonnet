// A recording rule of what is wrong with a trunk.
local rank = import '../problems.libsonnet';

// Further on while nothing newer is known of the trunk, be it for one scrape that failed.
local held(word, unseen) =
  'or on (job, instance, trunk) (\nsiptrunk:problem{problem="' + word + '"}\n'
  + 'and on (job, instance, trunk) ' + unseen + '\n)\n';

{
  // Nothing newer is known of a trunk: of which, each group asks for itself, as a scrape may
  // fail between the turns of two.
  unseen: |||
    group by (job, instance, trunk) (last_over_time(siptrunk_up[10m]))
    and on (job, instance, trunk) siptrunk_state{state="unknown"} == 1
    or
    (
      group by (job, instance, trunk) (last_over_time(siptrunk_up[10m]))
      unless on (job, instance) siptrunk_exporter_build_info
    )
  |||,

  // problem(word, expr, why): there while @expr has a sample for the trunk.
  problem(word, expr, why=''):: {
    why:: why,
    record: 'siptrunk:problem',
    expr: 'group without () (\n' + expr + '\n) * ' + rank[word] + '\n' + held(word, 'siptrunk:unseen'),
    labels: { problem: word },
  },

  // The same of what is judged over a window: only of a trunk that is still watched.
  watched(word, expr, why='', unseen='siptrunk:unseen'):: {
    why:: why,
    record: 'siptrunk:problem',
    expr: 'group without () (\n(\n' + expr + '\n)\nand on (job, instance, trunk) siptrunk:watched\n) * ' + rank[word]
          + '\n' + held(word, unseen),
    labels: { problem: word },
  },
}
