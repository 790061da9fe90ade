#include "scope.h"
#include "dbus.h"
#include "util.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

/* Systemd may be busy: a machine that has just been started, many containers at once. */
enum { ANSWER_MS = 25000, TRY_MS = 20, TRIES = 500 };

static const struct dbus_method hello = { "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "Hello" };
static const struct dbus_method start_unit = { "org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager", "StartTransientUnit" };
static const struct dbus_method attach_processes = { "org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager", "AttachProcessesToUnit" };

enum { SERIAL_HELLO = 1, SERIAL_FIRST };

/* The manager's own socket, by the name that systemctl(1) knows: no bus is in between. */
static bool is_manager(const char *socket)
{
    static const char name[] = "/systemd/private";
    size_t length = strlen(socket), tail = sizeof name - 1;
    return length > tail && strcmp(socket + length - tail, name) == 0;
}

/* A bus talks to nobody who has not greeted it. */
static int open_manager(const char *socket)
{
    struct dbus_reply reply;
    int fd = dbus_connect(socket, ANSWER_MS);
    if (fd < 0 || (!is_manager(socket) && dbus_call(fd, SERIAL_HELLO, &hello, NULL, NULL, &reply, ANSWER_MS) < 0))
        die_errno("cannot talk to your systemd user manager at %s", socket);
    return fd;
}

/* One element of a(sv) whose value is a string. */
static void put_text(struct dbus_body *body, const char *name, const char *value)
{
    dbus_align(body, 8);
    dbus_put_string(body, name);
    dbus_put_signature(body, "s");
    dbus_put_string(body, value);
}

static void put_pids(struct dbus_body *body, pid_t pid)
{
    size_t pids = dbus_begin_array(body, 4);
    dbus_put_u32(body, (uint32_t)pid);
    dbus_end_array(body, pids, 4);
}

/* org.freedesktop.systemd1(5), StartTransientUnit: ssa(sv)a(sa(sv)). */
static void put_scope(struct dbus_body *body, const char *unit, const char *description, const char *slice, pid_t pid)
{
    dbus_put_string(body, unit);
    dbus_put_string(body, "fail");
    size_t properties = dbus_begin_array(body, 8);
    put_text(body, "Description", description);
    put_text(body, "Slice", slice);
    put_text(body, "CollectMode", "inactive-or-failed");
    dbus_align(body, 8);
    dbus_put_string(body, "Delegate");
    dbus_put_signature(body, "b");
    dbus_put_u32(body, 1);
    dbus_align(body, 8);
    dbus_put_string(body, "PIDs");
    dbus_put_signature(body, "au");
    put_pids(body, pid);
    dbus_end_array(body, properties, 8);
    size_t auxiliary = dbus_begin_array(body, 8);
    dbus_end_array(body, auxiliary, 8);
}

void scope_start(const char *socket, const char *unit, const char *description, const char *slice, pid_t pid)
{
    struct dbus_body body = { 0 };
    struct dbus_reply reply;
    autoclose int fd = open_manager(socket);
    put_scope(&body, unit, description, slice, pid);
    for (uint32_t tries = 0;; tries++) {
        if (dbus_call(fd, SERIAL_FIRST + tries, &start_unit, "ssa(sv)a(sa(sv))", &body, &reply, ANSWER_MS) < 0)
            die_errno("cannot have a scope from your systemd user manager");
        if (!reply.error[0])
            return;
        /* The scope of the last run goes when systemd has noticed that nobody is in it any more. */
        if (strcmp(reply.error, "org.freedesktop.systemd1.UnitExists") != 0 || tries == TRIES)
            die("your systemd user manager makes no scope %s: %s", unit, reply.text[0] ? reply.text : reply.error);
        usleep(TRY_MS * 1000);
    }
}

void scope_attach(const char *socket, const char *unit, const char *subgroup, pid_t pid)
{
    struct dbus_body body = { 0 };
    struct dbus_reply reply;
    autoclose int fd = open_manager(socket);
    dbus_put_string(&body, unit);
    dbus_put_string(&body, subgroup);
    put_pids(&body, pid);
    if (dbus_call(fd, SERIAL_FIRST, &attach_processes, "ssau", &body, &reply, ANSWER_MS) < 0)
        die_errno("cannot enter the container's scope by your systemd user manager");
    if (reply.error[0])
        die("your systemd user manager lets nobody into %s: %s", unit, reply.text[0] ? reply.text : reply.error);
}
