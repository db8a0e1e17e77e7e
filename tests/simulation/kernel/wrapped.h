/*
 * What the linker sends here instead of to libc, libre and OpenSSL: all that the product
 * asks of the outside. meson.build has the same list. Their doings are in the file of
 * what they work on: fds.c, timers.c, threads.c, files.c, sockets.c, datagrams.c,
 * pipes.c, memory.c.
 */
#ifndef TESTS_SIMULATION_KERNEL_WRAPPED_H
#define TESTS_SIMULATION_KERNEL_WRAPPED_H

#include <openssl/types.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/socket.h>
#include <time.h>

#include "sipprobe/loop/compat.h"

struct config_dns;
struct epoll_event;
struct itimerspec;
struct lookup;
struct lookup_system;
struct mmsghdr;
struct stat;

int __real_clock_gettime(clockid_t id, struct timespec *ts);
int __wrap_clock_gettime(clockid_t id, struct timespec *ts);
time_t __wrap_time(time_t *t);
int __wrap_timerfd_create(int clock, int flags);
int __wrap_timerfd_settime(int fd, int flags, const struct itimerspec *its,
			   struct itimerspec *old);
int __wrap_fd_listen(int fd, int flags, fd_h *h, void *arg);
void __wrap_fd_close(int fd);
ssize_t __real_read(int fd, void *buf, size_t n);
ssize_t __wrap_read(int fd, void *buf, size_t n);
int __real_close(int fd);
int __wrap_close(int fd);

int __wrap_stat(const char *path, struct stat *st);
int __wrap_stat64(const char *path, struct stat *st);

int __wrap_socket(int af, int type, int protocol);
int __wrap_setsockopt(int fd, int level, int name, const void *p, socklen_t len);
int __wrap_getsockopt(int fd, int level, int name, void *p, socklen_t *len);
int __wrap_bind(int fd, const struct sockaddr *sa, socklen_t len);
int __wrap_connect(int fd, const struct sockaddr *sa, socklen_t len);
int __wrap_listen(int fd, int backlog);
int __wrap_accept4(int fd, struct sockaddr *sa, socklen_t *len, int flags);
int __wrap_getsockname(int fd, struct sockaddr *sa, socklen_t *len);
int __wrap_getpeername(int fd, struct sockaddr *sa, socklen_t *len);
int __wrap_fcntl(int fd, int cmd, long arg);
int __wrap_fcntl64(int fd, int cmd, long arg);

ssize_t __wrap_sendto(int fd, const void *buf, size_t n, int flags,
		      const struct sockaddr *to, socklen_t len);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *h, int flags);
ssize_t __wrap_send(int fd, const void *buf, size_t n, int flags);
int __wrap_recvmmsg(int fd, struct mmsghdr *v, unsigned n, int flags,
		    struct timespec *ts);
ssize_t __wrap_recvmsg(int fd, struct msghdr *h, int flags);

int __wrap_pthread_create(pthread_t *t, const pthread_attr_t *attr, void *(*run)(void *),
			  void *arg);
int __wrap_pthread_join(pthread_t t, void **value);
int __wrap_setpriority(int which, unsigned who, int priority);
int __wrap_epoll_create1(int flags);
int __wrap_epoll_ctl(int epoll, int op, int fd, struct epoll_event *e);
int __wrap_epoll_wait(int epoll, struct epoll_event *events, int most, int timeout);
int __wrap_eventfd(unsigned count, int flags);
int __wrap_eventfd_write(int fd, uint64_t value);
int __wrap_eventfd_read(int fd, uint64_t *value);

int __wrap_RAND_bytes(unsigned char *buf, int n);
int __wrap_RAND_priv_bytes(unsigned char *buf, int n);
void __wrap_rand_bytes(uint8_t *buf, size_t n);
int __wrap_lookup_unbound_alloc(struct lookup **lp, const struct config_dns *conf,
				const struct lookup_system *sys);

int __real_SSL_do_handshake(SSL *ssl);
int __wrap_SSL_do_handshake(SSL *ssl);
int __real_SSL_write(SSL *ssl, const void *buf, int len);
int __wrap_SSL_write(SSL *ssl, const void *buf, int len);

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size);
char *__real_strdup(const char *s);
char *__wrap_strdup(const char *s);
void *__real_mem_zalloc(size_t size, mem_destroy_h *dh);
void *__wrap_mem_zalloc(size_t size, mem_destroy_h *dh);

#endif
