// Rules as YAML that people read: fields in the order in which one reads them, expressions
// as they were written, and what stands in `why` as comments.
local indented(prefix, text) =
  std.join('\n', [if line == '' then '' else prefix + line for line in std.split(text, '\n')]);

local trimmed(text) = std.rstripChars(text, '\n');

local comment(prefix, object) =
  if std.objectHasAll(object, 'why')
  then [indented(prefix + '# ', trimmed(object.why))]
  else [];

// Names, durations and words need no quotes.
local ALPHA = std.set(std.stringChars('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'));
local WORD = std.setUnion(ALPHA, std.set(std.stringChars('0123456789_:')));
local plain(text) =
  std.length(text) > 1
  && !std.endsWith(text, ':')
  && std.setMember(text[0], ALPHA)
  && std.set(std.stringChars(text)) == std.setInter(std.set(std.stringChars(text)), WORD)
  && !std.member(['true', 'false', 'yes', 'no', 'on', 'off', 'null'], std.asciiLower(text));

local scalar(prefix, value) =
  if !std.isString(value) then std.toString(value)
  else if std.length(std.findSubstr('\n', value)) > 0 then
    (if std.endsWith(value, '\n') then '|\n' else '|-\n') + indented(prefix + '  ', trimmed(value))
  else if plain(value) then value
  else "'" + std.strReplace(value, "'", "''") + "'";

local map(prefix, name, object) =
  [prefix + name + ':'] +
  [prefix + '  ' + key + ': ' + scalar(prefix + '  ', object[key]) for key in std.objectFields(object)];

local ORDER = ['record', 'alert', 'expr', 'for', 'keep_firing_for'];

local rule(prefix, object) =
  local inner = prefix + '  ';
  local lines = [
    inner + field + ': ' + scalar(inner, object[field])
    for field in ORDER
    if std.objectHas(object, field)
  ] + std.flattenArrays([
    map(inner, field, object[field])
    for field in ['labels', 'annotations']
    if std.objectHas(object, field)
  ]);
  comment(prefix, object) +
  [prefix + '- ' + std.lstripChars(lines[0], ' ')] + lines[1:];

local group(object) =
  comment('  ', object) +
  ['  - name: ' + object.name] +
  (if std.objectHas(object, 'interval') then ['    interval: ' + object.interval] else []) +
  ['    rules:'] +
  std.flattenArrays([rule('      ', r) for r in object.rules]);

{
  // groups(list): the text of a rule file.
  groups(list):: std.join('\n', ['groups:'] + std.flattenArrays([group(g) for g in list])) + '\n',
}
