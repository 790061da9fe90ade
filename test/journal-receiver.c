/*
 * journal-receiver SOCKET FILE - a journal that only writes down what it is told: each entry, whether it came in a datagram or as a file in
 * memory, and a line with four dashes behind it. FILE is there when the socket is. Ends when it is killed.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char data[1 << 24];

static ssize_t receive(int fd) {
  char control[CMSG_SPACE(sizeof(int))];
  struct iovec part = { data, sizeof data };
  struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
  ssize_t length = recvmsg(fd, &message, 0);
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  if (length < 0 || header == NULL) return length;
  int file;
  memcpy(&file, CMSG_DATA(header), sizeof file);
  length = pread(file, data, sizeof data, 0);
  close(file);
  return length;
}

int main(int argc, char **argv) {
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  if (argc != 3 || strlen(argv[1]) >= sizeof address.sun_path) return 2;
  strcpy(address.sun_path, argv[1]);
  int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0) return perror(argv[1]), 1;
  int out = open(argv[2], O_WRONLY | O_CREAT | O_APPEND, 0644);
  for (ssize_t length; out >= 0 && (length = receive(fd)) >= 0;) {
    memcpy(data + length, "----\n", 5);
    if (write(out, data, (size_t)length + 5) < 0) return 1;
  }
  return 1;
}
