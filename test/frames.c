/*
 * Frames by hand, for tests of networks in a container: `frames DEVICE send HEX...` sends them and then the last one, `frames DEVICE watch`
 * says "ready", prints each frame that comes in, in hexadecimal, and says "done" when that last one comes (type 88b6, an experimental one of IEEE 802).
 */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static const unsigned char last_type[] = { 0x88, 0xb6 };

static int fail(const char *what)
{
    perror(what);
    return 1;
}

static int send_all(int fd, char **frames, const unsigned char *mac)
{
    unsigned char bytes[2048];
    for (; *frames; frames++) {
        size_t size = strlen(*frames) / 2;
        for (size_t i = 0; i < size; i++)
            if (size > sizeof bytes || sscanf(*frames + 2 * i, "%2hhx", bytes + i) != 1)
                return fail(*frames);
        if (send(fd, bytes, size, 0) != (ssize_t)size)
            return fail("send");
    }
    memset(bytes, 0xff, 6);
    memcpy(bytes + 6, mac, 6);
    memcpy(bytes + 12, last_type, 2);
    return send(fd, bytes, 60, 0) == 60 ? 0 : fail("send");
}

static int watch(int fd)
{
    puts("ready");
    fflush(stdout);
    for (;;) {
        unsigned char bytes[2048];
        struct sockaddr_ll from = { 0 };
        socklen_t length = sizeof from;
        ssize_t size = recvfrom(fd, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &length);
        if (size < 0)
            return fail("recv");
        if (from.sll_pkttype == PACKET_OUTGOING)
            continue;
        if (memcmp(bytes + 12, last_type, 2) == 0) {
            puts("done");
            return 0;
        }
        for (ssize_t i = 0; i < size; i++)
            printf("%02x", bytes[i]);
        puts("");
        fflush(stdout);
    }
}

int main(int count, char **arguments)
{
    int fd = socket(AF_PACKET, SOCK_RAW, htons(0x0003));
    struct sockaddr_ll place = { .sll_family = AF_PACKET, .sll_protocol = htons(0x0003) };
    socklen_t length = sizeof place;
    if (count < 3 || fd < 0)
        return fail("socket");
    place.sll_ifindex = (int)if_nametoindex(arguments[1]);
    if (bind(fd, (struct sockaddr *)&place, sizeof place) < 0 || getsockname(fd, (struct sockaddr *)&place, &length) < 0)
        return fail(arguments[1]);
    return strcmp(arguments[2], "send") == 0 ? send_all(fd, arguments + 3, place.sll_addr) : watch(fd);
}
