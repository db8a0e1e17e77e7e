// A recording rule of what is wrong with a trunk.
local rank = import '../problems.libsonnet';

{
  // problem(word, expr, why): there while @expr has a sample for the trunk, and further on
  // while nothing newer is known of it.
  problem(word, expr, why=''):: {
    why:: why,
    record: 'siptrunk:problem',
    expr: 'group without () (\n' + expr + '\n) * ' + rank[word]
          + '\nor on (job, instance, trunk) (\nsiptrunk:problem{problem="' + word + '"}\n'
          + 'and on (job, instance, trunk) siptrunk:unseen\n)\n',
    labels: { problem: word },
  },

  // The same of what is judged over a window: only of a trunk that is still watched.
  watched(word, expr, why=''):: {
    why:: why,
    record: 'siptrunk:problem',
    expr: 'group without () (\n(\n' + expr + '\n)\nand on (job, instance, trunk) siptrunk:watched\n) * ' + rank[word],
    labels: { problem: word },
  },
}
