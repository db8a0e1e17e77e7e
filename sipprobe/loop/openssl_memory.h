/*
 * OpenSSL's memory. Where it runs out, OpenSSL often goes on with less: a context without
 * some ciphers, a certificate without its key. Who makes something that is to last asks
 * whether any of its allocations failed meanwhile.
 */
#ifndef SIPPROBE_LOOP_OPENSSL_MEMORY_H
#define SIPPROBE_LOOP_OPENSSL_MEMORY_H

/* Before OpenSSL is first used, else nothing is counted. */
void openssl_memory_watch(void);

/* How many of this thread's allocations have failed. */
unsigned openssl_memory_failures(void);

#endif
