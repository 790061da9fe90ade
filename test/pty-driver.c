/*
 * pty-driver ROWSxCOLUMNS STEP… -- COMMAND ARGUMENT… - run a command on a terminal of its own, as a person would.
 *
 * Steps, in order; each word is a verb, a colon and the rest:
 *   expect:TEXT    wait until TEXT comes, in what came after the last TEXT that was waited for
 *   send:TEXT      type TEXT
 *   size:ROWSxCOLUMNS    change the window
 *   signal:NUMBER  send a signal to COMMAND
 *   foreground:NUMBER    send a signal to the terminal's foreground process group
 *   mode:raw|cooked      wait until the terminal is in this mode
 *   run:SHELL      run a shell command elsewhere, to its end
 *   hangup:        close the terminal
 * What came from the terminal goes to stdout. After the last step COMMAND has to end by itself. A step that cannot be
 * done within 20 s ends everything: exit status 1 and a line on stderr. Otherwise 0, and on stderr the line
 * "STATUS MODE": COMMAND's exit status, 128 + signal if it was killed, and the mode in which it left the terminal; then
 * "killed by NUMBER" if a signal ended it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { LIMIT_MS = 20000, TICK_MS = 5 };

static struct {
  int master, slave, status;
  pid_t command;
  bool ended;
  char *output;
  size_t length, seen;
} pty = {.master = -1, .slave = -1};

static long long now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static _Noreturn void fail(const char *what, const char *detail) {
  if (pty.output) fwrite(pty.output, 1, pty.length, stdout);
  fflush(stdout);
  fprintf(stderr, "failed: %s%s\n", what, detail);
  if (pty.command > 0) kill(pty.command, SIGKILL);
  exit(1);
}

/* Takes in what the terminal shows within a tick, and notices the end of the command. */
static void tick(void) {
  char data[4096];
  struct pollfd wait = {.fd = pty.master, .events = POLLIN};
  int ready = poll(&wait, 1, TICK_MS);
  ssize_t n = ready > 0 && (wait.revents & POLLIN) ? read(pty.master, data, sizeof data) : 0;
  if (ready > 0 && n <= 0) poll(NULL, 0, TICK_MS);
  if (n > 0) {
    pty.output = realloc(pty.output, pty.length + (size_t)n);
    if (!pty.output) abort();
    memcpy(pty.output + pty.length, data, (size_t)n);
    pty.length += (size_t)n;
  }
  if (!pty.ended && waitpid(pty.command, &pty.status, WNOHANG) == pty.command) pty.ended = true;
}

static bool is_raw(void) {
  struct termios now;
  return pty.slave >= 0 && tcgetattr(pty.slave, &now) == 0 && !(now.c_lflag & (ICANON | ECHO | ISIG));
}

static void expect(const char *text) {
  size_t length = strlen(text);
  for (long long end = now_ms() + LIMIT_MS;;) {
    char *found = pty.length > pty.seen ? memmem(pty.output + pty.seen, pty.length - pty.seen, text, length) : NULL;
    if (found) {
      pty.seen = (size_t)(found - pty.output) + length;
      return;
    }
    if (now_ms() > end) fail("waited in vain for: ", text);
    if (pty.ended) {
      size_t before = pty.length;
      tick();
      if (pty.length == before) fail("the command ended before it showed: ", text);
    }
    tick();
  }
}

static void type(const char *text) {
  for (size_t left = strlen(text); left;) {
    ssize_t n = write(pty.master, text, left > 512 ? 512 : left);
    if (n < 0) fail("cannot type: ", strerror(errno));
    text += n;
    left -= (size_t)n;
    tick();
  }
}

static struct winsize parse_size(const char *text) {
  struct winsize size = {0};
  if (sscanf(text, "%hux%hu", &size.ws_row, &size.ws_col) != 2) fail("not a size: ", text);
  return size;
}

static void resize(const char *text) {
  struct winsize size = parse_size(text);
  if (ioctl(pty.master, TIOCSWINSZ, &size) < 0) fail("cannot resize: ", strerror(errno));
}

static void wait_mode(const char *mode) {
  bool raw = strcmp(mode, "raw") == 0;
  for (long long end = now_ms() + LIMIT_MS; is_raw() != raw; tick())
    if (now_ms() > end) fail("the terminal did not become ", mode);
}

static void run(const char *command) {
  int status = system(command);
  if (status != 0) fail("this failed: ", command);
}

static void hang_up(void) {
  close(pty.slave);
  close(pty.master);
  pty.slave = pty.master = -1;
}

static void signal_foreground(const char *number) {
  pid_t group = 0;
  if (ioctl(pty.master, TIOCGPGRP, &group) < 0 || group <= 1) fail("no process group in the foreground", "");
  kill(-group, atoi(number));
}

static void signal_command(const char *number) {
  kill(pty.command, atoi(number));
}

static void step(const char *word) {
  static const struct {
    const char *verb;
    void (*act)(const char *);
  } steps[] = {{"expect:", expect}, {"send:", type}, {"size:", resize}, {"mode:", wait_mode}, {"run:", run},
               {"signal:", signal_command}, {"foreground:", signal_foreground}};
  for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
    if (strncmp(word, steps[i].verb, strlen(steps[i].verb)) == 0) {
      steps[i].act(word + strlen(steps[i].verb));
      return;
    }
  if (strcmp(word, "hangup:") == 0)
    hang_up();
  else
    fail("no such step: ", word);
}

static _Noreturn void become(char **command) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  setsid();
  ioctl(pty.slave, TIOCSCTTY, 0);
  for (int fd = 0; fd < 3; fd++) dup2(pty.slave, fd);
  execvp(command[0], command);
  dprintf(2, "cannot run %s: %s\n", command[0], strerror(errno));
  _exit(127);
}

int main(int argc, char **argv) {
  int last = 2;
  while (last < argc && strcmp(argv[last], "--") != 0) last++;
  if (last + 1 >= argc) fail("usage: ", "pty-driver ROWSxCOLUMNS STEP... -- COMMAND...");
  pty.master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (pty.master < 0 || grantpt(pty.master) < 0 || unlockpt(pty.master) < 0) fail("no terminal: ", strerror(errno));
  pty.slave = open(ptsname(pty.master), O_RDWR | O_NOCTTY | O_CLOEXEC);
  resize(argv[1]);
  pty.command = fork();
  if (pty.command < 0) fail("cannot fork: ", strerror(errno));
  if (pty.command == 0) become(argv + last + 1);
  for (int i = 2; i < last; i++) step(argv[i]);
  for (long long end = now_ms() + LIMIT_MS; !pty.ended; tick())
    if (now_ms() > end) fail("the command ", "did not end");
  for (size_t before = pty.length + 1; pty.master >= 0 && before != pty.length;) {
    before = pty.length;
    tick();
  }
  fwrite(pty.output, 1, pty.length, stdout);
  fprintf(stderr, "%d %s\n", WIFEXITED(pty.status) ? WEXITSTATUS(pty.status) : 128 + WTERMSIG(pty.status), is_raw() ? "raw" : "cooked");
  if (WIFSIGNALED(pty.status)) fprintf(stderr, "killed by %d\n", WTERMSIG(pty.status));
  return 0;
}
