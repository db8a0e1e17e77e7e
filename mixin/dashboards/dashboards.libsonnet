// Dashboards by the name of their file.
{
  grafanaDashboards+:: {},
}
