/* The process under test: engine, store and its listener, as the program has them. */
#ifndef TESTS_SIMULATION_PROCESS_H
#define TESTS_SIMULATION_PROCESS_H

struct store;

/* Starts, with the configuration that the fleet wants. */
void process_begin(void);

/* As on SIGHUP: reads and applies what the fleet wants by now, in its turn. */
void process_reload_h(void *arg);

/* As on SIGTERM; runs until it is done, and gives everything back. */
void process_end(void);

/* The process dies, and says nothing; another one begins. In its turn. */
void process_crash_h(void *arg);

/* As on POST /-/calls/stop and /-/calls/start. In its turn. */
void process_stop_calls(void);
void process_start_calls(void);

struct store *process_store(void);

#endif
