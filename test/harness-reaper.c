/*
 * harness-reaper REPORT COMMAND ARGUMENT… - run a test file and say what it left running.
 *
 * It is the subreaper (prctl(2)) of everything COMMAND starts, so a process that daemonises ends up as its child and
 * cannot hide. When COMMAND has ended the others get 3 s to end by themselves. What is left then is written to
 * REPORT, a line "PID COMM" each, and killed. On SIGTERM or when its own parent dies everything is killed at once.
 * Exit status: COMMAND's, 128 + signal if it was killed.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { GRACE_MS = 3000, TICK_MS = 10 };

static volatile sig_atomic_t ended_from_outside;

static void on_term(int signal) {
  (void)signal;
  ended_from_outside = 1;
}

static void tick(void) {
  nanosleep(&(struct timespec){.tv_nsec = TICK_MS * 1000000L}, NULL);
}

/* Parent of `pid` and its name, from /proc/PID/stat: "pid (comm) state ppid …", where comm may hold anything. */
static bool read_stat(pid_t pid, pid_t *parent, char comm[64]) {
  char path[64], text[512];
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  FILE *file = fopen(path, "re");
  if (!file) return false;
  size_t length = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[length] = '\0';
  char *open = strchr(text, '('), *close = strrchr(text, ')'), state;
  if (!open || !close || sscanf(close + 1, " %c %d", &state, parent) != 2) return false;
  snprintf(comm, 64, "%.*s", (int)(close - open - 1), open + 1);
  for (char *c = comm; *c; c++)
    if (!isprint((unsigned char)*c)) *c = '?';
  return true;
}

/* Kills and/or reports each process whose parent we are. */
static void each_child(FILE *report, bool kill_it) {
  DIR *proc = opendir("/proc");
  if (!proc) return;
  for (struct dirent *entry; (entry = readdir(proc));) {
    pid_t pid = atoi(entry->d_name), parent;
    char comm[64];
    if (pid <= 0 || !read_stat(pid, &parent, comm) || parent != getpid()) continue;
    if (report) fprintf(report, "%d %s\n", pid, comm);
    if (kill_it) kill(pid, SIGKILL);
  }
  closedir(proc);
}

/* Reaps what has ended. Returns false when no child is left; stores COMMAND's status when it was among them. */
static bool reap(pid_t command, int *status, bool *command_ended) {
  for (;;) {
    int one;
    pid_t pid = waitpid(-1, &one, WNOHANG);
    if (pid == 0) return true;
    if (pid < 0) return errno != ECHILD;
    if (pid == command) *status = one, *command_ended = true;
  }
}

int main(int argc, char **argv) {
  if (argc < 3) return 125;
  struct sigaction action = {.sa_handler = on_term};
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (prctl(PR_SET_CHILD_SUBREAPER, 1L)) return 125;
  pid_t command = fork();
  if (command < 0) return 125;
  if (command == 0) {
    execvp(argv[2], argv + 2);
    fprintf(stderr, "cannot run %s: %s\n", argv[2], strerror(errno));
    _exit(127);
  }

  int status = 0, waited = 0;
  bool command_ended = false, anyone = true;
  while (anyone && !ended_from_outside && waited < GRACE_MS) {
    anyone = reap(command, &status, &command_ended);
    if (!anyone) break;
    tick();
    if (command_ended) waited += TICK_MS;
  }
  if (anyone && !ended_from_outside) {
    FILE *report = fopen(argv[1], "we");
    each_child(report, false);
    if (report) fclose(report);
  }
  /* Killing one hands us its children: go round until nobody is left. */
  while (reap(command, &status, &command_ended)) {
    each_child(NULL, true);
    tick();
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
