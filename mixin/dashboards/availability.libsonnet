// The month of each carrier and trunk.
{
  grafanaDashboards+:: {},
}
