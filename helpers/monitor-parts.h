/* What the parts of the monitor share: monitor.c (the loop) and monitor-*.c. */
#ifndef SKIFF_MONITOR_PARTS_H
#define SKIFF_MONITOR_PARTS_H

#include "clients.h"
#include "frames.h"
#include "logger.h"
#include "logger-remote.h"
#include "plan.h"
#include "restart.h"
#include "slirp.h"
#include "state.h"

#include <poll.h>
#include <stdbool.h>
#include <sys/ioctl.h>

/* Where launch puts the FIFOs' write ends of keeper and network holder, the fd of the user's network namespace, and from where on the connections to the holders of volumes. */
enum { MONITOR_KEEPER = 4, MONITOR_HOLDER, MONITOR_HOLDER_NETNS, MONITOR_HOLDER_READY, MONITOR_VOLUMES };

struct monitor {
    const struct plan *plan;
    const char *plan_path;
    int directory, listener, signals, report, mounts;
    int input, output[2]; /* the container's stdio; output[0] is the terminal's master where there is one */
    int slave;            /* held open so that the master reports no hang-up while nobody in the container has it open */
    bool terminal, started, exited; /* of this run; a container may have several by its restart policy */
    bool ran;         /* it has been started at least once */
    bool ends;        /* it is not to run again, whatever its policy says */
    bool stdin_once;  /* the command's input ends with that of the client that launched it */
    int claim;        /* the open file whose lock says that we are the container's only monitor */
    bool yields;      /* another monitor has the container: nothing of it is ours to clear away */
    bool stays;       /* it is about to be started again, --rm or not */
    bool stopping;    /* somebody has ordered a stop */
    bool killing;     /* that SIGKILL ends it has been told already */
    int early_signal; /* came before there was a command to take it; 0 for none */
    struct winsize size; /* what the terminal is to have as soon as it exists */
    bool size_told;      /* an event has told of it */
    pid_t pid;
    struct slirp slirp;
    struct {
        int ready;               /* the holder is only just starting: MONITOR_HOLDER_READY, where its namespace comes from; -1 when it is there */
        int report;              /* of the child that attaches */
        int datagrams, listener; /* of the name server, in the container */
        int container;           /* its network namespace */
        pid_t dns;               /* 0: none */
        long long dns_began;     /* CLOCK_MONOTONIC ms */
        int dns_tries;           /* how many name servers in a row have ended at once */
        struct plan *file;       /* the network file as far as it has been made so; NULL: not attached */
    } network;
    struct {
        pid_t pid;       /* 0: none */
        int socket;      /* to it; -1 */
        bool answered;   /* it has said what it has bound */
        char *list;      /* that (port-list.c); NULL */
        char *note;      /* the file that says that the container has them; NULL */
        long long began; /* CLOCK_MONOTONIC ms */
        int tries;       /* how many in a row have ended at once */
    } ports;
    struct state state;
    struct logger logger;
    struct clients clients;
    char failure[2200]; /* "<code> <sentence>" when the container could not be started */
    struct restart_policy restart;
    /* CLOCK_MONOTONIC ms; 0: nothing of the kind is due */
    long long kill_at, restart_at;
    long long started_at, restart_delay; /* ms: when this run began, how long was waited before it */
};

extern struct monitor self; /* die_hook has no argument to carry it */

/* monitor.c */
long long monitor_now(void); /* CLOCK_MONOTONIC in ms */
/* Takes the exit codes of children that have ended, once the command's pid is known. */
void monitor_reap(void);
/* Waits for whatever happens next, or is due next, and sees to it. */
void monitor_turn(void);

/* monitor-start.c */
/* The state that stands until the command runs: of a container that is started again, what became of it before. */
struct state monitor_first_state(const struct plan *plan);
/* Makes this process the container's only monitor, or ends it. */
void monitor_claim(void);
void monitor_open_listener(void);
/* The same once more, where the socket has gone with its directory. That it cannot be made is no failure: it will be asked for again. */
void monitor_listen_again(void);
/* Forks the sandbox (or join) that the plan's record `start` names. */
void monitor_start_sandbox(void);
/* In a child: becomes `arguments[1]` of this program from a sealed copy, with these as fds 0-2 (-1: /dev/null), its packet socket as 3, and `extra` (-1: nothing) as 4. */
_Noreturn void monitor_exec(int in, int out, int err, int report, int extra, char *const arguments[]);
/* A packet of the sandbox, or the end of its socket: the command has been executed. */
void monitor_take_report(void);
/* slirp4netns is ready or has failed. */
void monitor_take_slirp(void);

/* monitor-network-change.c */
/* Makes the container's networks what the network file says now. NULL, or a sentence to be freed, and then nothing has changed. It runs. */
char *monitor_change_networks(void);

/* monitor-network.c; where the plan has no networks, all of it does nothing */
/* Begins to attach the container whose command, or init, is `host_pid`; what comes of it is told by `network.report`. */
void monitor_start_network(pid_t host_pid);
void monitor_take_network(void);
/* A child has ended; it may be the name server, or what carries the published ports. */
void monitor_note_network(pid_t pid);
/* After a run. Idempotent. */
void monitor_end_network(void);

/* monitor-ports.c */
/* What poll(2) is to watch; -1 for nothing. */
int monitor_ports_socket(void);
/* What carries the published ports has said something, or ended. */
void monitor_take_ports(void);

/* monitor-log.c */
/* Opens the log as the plan says, or dies. */
void monitor_open_log(void);
/* The receiver's place in poll(2), and what that says of it. */
struct pollfd monitor_log_slot(void);
void monitor_take_log(short events);
/* CLOCK_MONOTONIC ms of when the receiver's connection is to be looked after; 0: never. */
long long monitor_log_deadline(void);
void monitor_log_tick(void);
/* Whether the receiver is to be waited for before more is read from the container. */
bool monitor_log_is_behind(void);
/* Takes the exit codes of the log's children that have ended. */
void monitor_reap_log(void);
/* Between two runs of the command, and at the end: unfinished lines are written, and no child of the log's is left. With `removes` there is no haste to compress. */
void monitor_rest_log(bool removes);
/* Sends what is left. With `removes` the files go next. */
void monitor_close_log(bool removes);

/* monitor-session.c */
void monitor_accept(void);
/* What poll(2) says of one client's socket. */
void monitor_take_client(struct client *client, short events);
/* Every frame that has arrived whole. */
void monitor_take_frames(struct client *client);
/* Reads what one output has, and closes it at its end. */
void monitor_pump_output(int which);
/* Hands pending input to the command as far as it takes it. Once its input is closed the rest is dropped. */
void monitor_pump_input(void);
bool monitor_has_input(void);
/* Sends a signal to the command, as soon as it runs. */
void monitor_signal(uint32_t number);
void monitor_tell_all(uint8_t type, const void *payload, size_t length);

/* monitor-orders.c */
/* A signal from outside for the command; one that asks it to end holds for the restart policy as well. */
void monitor_send_signal(uint32_t number);
/* A frame of `stop`, `kill`, `pause`, `rename` and `update`; what is none of them is passed over. */
void monitor_take_order(struct client *client, uint8_t type, const char *payload, size_t length);
/* Lets everything in a paused container go on. Idempotent. */
void monitor_unpause(void);

/* monitor-restart.c */
/* The plan's record `restart`. */
void monitor_take_policy(void);
/* Another policy from now on: its name, a space, the most tries. */
enum order_result monitor_change_policy(const char *text, size_t length);
/* Where the signal asks the command to end, its policy does not bring it back; `by_user`: nor does the machine's next start, if that is its policy. */
void monitor_end_for_good(int signal, bool by_user);
/* After a run: whether there is to be another. Then it clears the last one away and returns when the time has come. */
bool monitor_comes_back(void);

/* monitor-cgroup.c */
/* The plan's record `cgroup`: from here on the container, started as often as it may be, has a cgroup with limits. Nothing without the record. */
void monitor_make_cgroup(void);
/* Whether there is anything for monitor_remove_cgroup to do. */
bool monitor_has_cgroup(void);
/* What poll(2) is to watch for POLLPRI; -1 for nothing. */
int monitor_cgroup_events(void);
/* Looks whether the kernel has killed for want of memory. */
void monitor_take_cgroup(void);
/* In a child that is to become a process of the container: moves it there. */
void monitor_enter_cgroup(void);
/* By the cgroup's freezer, or by signals where there is none. Whether everything stands still. */
bool monitor_stop_processes(void);
void monitor_let_go_on(void);
/* At the very end, when the companions are gone. Idempotent. */
void monitor_remove_cgroup(void);

/* monitor-health.c; where the plan has no health checks, all of it does nothing */
/* The command runs: its health is looked at from now on. The state has to be written afterwards. */
void monitor_begin_health(void);
/* The command has ended, or is about to: no check is wanted any more. Idempotent. The state has to be written afterwards. */
void monitor_end_health(void);
/* A check that is under way ends without a result, and no other is planned. */
void monitor_cancel_check(void);
/* The container stands still, or goes on. The state has to be written afterwards. */
void monitor_pause_health(bool paused);
/* When it has something to do next, CLOCK_MONOTONIC ms; 0: nothing is due. */
long long monitor_health_due(void);
/* Does what is due: begins a check, ends one that takes too long, takes the result of one that has ended. */
void monitor_look_after_health(void);
/* The fds of the check that is under way, -1 for none: packets of its `join`, and what it prints; and what to do when there is something to read. */
int monitor_check_report(void);
int monitor_check_output(void);
void monitor_take_check_report(void);
void monitor_take_check_output(void);
/* Whether a command has been started whose pid we are not told yet. */
bool monitor_enters_for_check(void);
/* A child has ended; it may be that of a check. */
void monitor_note_check(pid_t pid, int status);

/* monitor-events.c */
/* Tells what has happened to the container, with more members of its attributes (`"exitCode":"0"`, none behind the last) or NULL; nothing where the plan names no file. */
void monitor_event(const char *action, const char *extra);
void monitor_signal_event(int signal);
/* The container is called so from now on. */
void monitor_rename_events(const char *name);
/* The container's terminal has another size. */
void monitor_resize_event(const struct winsize *size);

/* monitor-end.c */
/* Keeps the first reason why the container could not be started. */
void monitor_note_failure(int code, const char *text);
/* Clears away what one run has needed: its companions and mounts. Idempotent. */
void monitor_end_run(void);
/* Tells that the command has ended. */
void monitor_note_end(void);
/* Writes out what is left, clears away as the plan says, tells everybody, and ends the process. */
_Noreturn void monitor_finish(void);
/* die_hook of the monitor: the container goes, and the launching command hears why. */
void monitor_die(int code, const char *text);

#endif
