/* The name server in a child, and the test on both its sides: the one who asks, and the servers that it asks. */
#ifndef SKIFF_TEST_DNS_SIDES_H
#define SKIFF_TEST_DNS_SIDES_H

#include "dns-message.h"

#include <sys/socket.h>
#include <sys/types.h>

enum { SERVERS = 2, PATIENCE = 20000 /* ms */ };

/* The servers, one on IPv4 and one on IPv6: their sockets for datagrams and their listeners. */
extern int servers[SERVERS], streams[SERVERS];
/* Where answers come; the last question, what a server was asked last and by whom, the last answer. */
extern int asker;
extern uint8_t query[DNS_LONGEST_ANSWER], asked[DNS_LONGEST_ANSWER], answer[DNS_LONGEST_ANSWER];
extern struct sockaddr_storage source;
extern pid_t child;

/* Leases in network "front" (172.18.0.2 redis, three of "many", 200 of "crowd") and sockets; and their end. */
void set_up(void);
void tear_down(void);
/* The server, which knows as many of ours as `count`; and its end by SIGTERM or SIGKILL. */
void start(int count);
void stop(int number);

/* A question in `query`: its size. */
size_t make(int id, const char *name, int type);
void ask(int id, const char *name, int type);
bool is_there(int fd, int milliseconds);
/* The code of the answer to `id`, which is what has to come next. */
int code_of(int id, size_t *size);

/* Which of two has something to read. */
int which(const int fds[SERVERS]);
/* What one of the servers is asked; and what it says to it: anything, the question with a code, or that by whoever is asked. */
size_t take(int server);
void reply(int server, const uint8_t *bytes, size_t size);
void reply_code(int server, size_t size, int code);
void reply_of_any(int code);

/* The same by TCP. */
int call(void);
void say(int fd, const uint8_t *bytes, size_t size);
size_t hear(int fd, uint8_t *bytes);

#endif
