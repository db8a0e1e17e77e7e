// Where panels stand, and the dashboard around them.
local row(heading, y, panels=null) = {
  // A heading; with panels it is folded, and they are asked for when it is opened.
  type: 'row',
  title: heading,
  collapsed: panels != null,
  panels: if panels == null then [] else panels,
  gridPos: { h: 1, w: 24, x: 0, y: y },
};

// Places panels from left to right, a new line where one does not fit; a line is as high
// as its highest panel.
local place(at, panel) =
  local w = panel.size[0];
  local h = panel.size[1];
  local wraps = at.x + w > 24;
  local x = if wraps then 0 else at.x;
  local y = if wraps then at.y + at.height else at.y;
  {
    placed: at.placed + [panel { gridPos: { h: h, w: w, x: x, y: y } }],
    x: x + w,
    y: y,
    height: if wraps then h else std.max(at.height, h),
  };

// The panels placed from line y on, and where the next line begins.
local flow(panels, y) =
  local end = std.foldl(place, panels, { placed: [], x: 0, y: y, height: 0 });
  { placed: end.placed, y: end.y + end.height };

local section(at, s) =
  local headed = s[0] != '';
  local shown = flow(s[1], if headed then at.y + 1 else at.y);
  {
    placed: at.placed + (if headed then [row(s[0], at.y)] else []) + shown.placed,
    y: shown.y,
  };

local folded(at, s) =
  local inside = flow(s[1], at.y + 1);
  { placed: at.placed + [row(s[0], at.y, inside.placed)], y: inside.y };

// Numbers every panel, those of folded rows among them, in the order of the page.
local number(panels) =
  std.foldl(function(at, p)
    local inner = [
      p.panels[i] { id: at.next + 1 + i }
      for i in std.range(0, std.length(std.get(p, 'panels', [])) - 1)
    ];
    {
      done: at.done + [p { id: at.next, [if 'panels' in p then 'panels']: inner }],
      next: at.next + 1 + std.length(inner),
    }, panels, { done: [], next: 1 }).done;

{
  // sections, folds: [[heading, panels]], the folded ones last.
  layout(sections, folds)::
    number(std.foldl(folded,
                     folds,
                     std.foldl(section, sections, { placed: [], y: 0 })).placed),

  dashboard(config,
            name,
            title,
            description,
            variables,
            annotations,
            links,
            sections,
            folds=[]):: {
    uid: config.dashboardUidPrefix + name,
    title: title,
    description: description,
    tags: config.dashboardTags,
    editable: false,
    schemaVersion: 39,
    version: 1,
    graphTooltip: 1,
    timezone: config.dashboardTimezone,
    weekStart: '',
    fiscalYearStartMonth: 0,
    liveNow: false,
    preload: false,
    refresh: config.dashboardRefresh,
    time: { from: config.dashboardFrom, to: 'now' },
    timepicker: { refresh_intervals: ['10s', '30s', '1m', '5m', '15m', '1h'] },
    links: links,
    annotations: { list: annotations },
    templating: { list: variables },
    panels: $.layout(sections, folds),
  },
}
