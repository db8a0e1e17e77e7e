/* `siptrunk_exporter probe`: one probe, now. */
#ifndef EXPORTER_ONDEMAND_PROBE_CLI_H
#define EXPORTER_ONDEMAND_PROBE_CLI_H

/*
 * @argc, @argv: what follows "probe"
 *
 * Prints to standard output, or of wrong usage to standard error; returns the exit code,
 * that of a fault of our own where not all could be printed.
 */
int probe_cli(int argc, char *const argv[], const char *version);

#endif
