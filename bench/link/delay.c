// Joins two network namespaces by a link with a real delay: a TUN device in each, and every IP packet that leaves one
// arrives at the other so many microseconds later, in order. One thread per direction, so that the forwarder is not what
// limits the throughput.
//
//   delay <namespace> <namespace> <device> <microseconds>
//
// Prints "ready" once both devices exist. Ends when its standard input does, so it never outlives who started it.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

// 8,192 packets of 1,500 bytes in 10 ms would be 9.8 Gbit/s: the ring is never what fills first.
enum { SLOTS = 8192, BATCH = 64, MTU = 1500 };

struct packet {
  int64_t due;
  ssize_t length;
  unsigned char bytes[MTU];
};

struct direction {
  int from, to;
  int64_t delay;
  unsigned head, tail; // read at head, written from tail; both only grow
  struct packet ring[SLOTS];
};

static void die(const char *doing, const char *what) {
  fprintf(stderr, "delay: %s %s: %s\n", doing, what, strerror(errno));
  exit(1);
}

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

// A TUN device made inside a namespace stays there; its descriptor works from anywhere.
static int open_tun(const char *namespace, const char *device) {
  char path[256];
  snprintf(path, sizeof path, "/run/netns/%s", namespace);
  int home = open(path, O_RDONLY | O_CLOEXEC);
  if (home < 0 || setns(home, CLONE_NEWNET) < 0) die("entering", path);
  close(home);
  int tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (tun < 0) die("opening", "/dev/net/tun");
  struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
  strncpy(request.ifr_name, device, IFNAMSIZ - 1);
  if (ioctl(tun, TUNSETIFF, &request) < 0) die("creating", device);
  return tun;
}

// Takes in what has arrived, each packet with the moment it is due; what does not fit waits in the device's queue. A
// batch at a time, so that a burst does not hold up what is due meanwhile.
static void take(struct direction *d) {
  for (int taken = 0; taken < BATCH && d->head - d->tail < SLOTS; taken++) {
    struct packet *p = &d->ring[d->head % SLOTS];
    p->length = read(d->from, p->bytes, MTU);
    if (p->length < 0) return;
    p->due = now() + d->delay;
    d->head++;
  }
}

// Hands on what is due. A device that is still down refuses packets; they are lost, as on a cable nobody plugged in.
static void give(struct direction *d) {
  for (int64_t t = now(); d->tail != d->head && d->ring[d->tail % SLOTS].due <= t; d->tail++) {
    struct packet *p = &d->ring[d->tail % SLOTS];
    if (write(d->to, p->bytes, p->length) < 0 && errno == EAGAIN) return;
  }
}

static void *forward(void *argument) {
  struct direction *d = argument;
  prctl(PR_SET_TIMERSLACK, 1000UL); // wake within a microsecond of the time asked for, not within fifty
  for (;;) {
    struct pollfd arrivals = {.fd = d->from, .events = d->head - d->tail < SLOTS ? POLLIN : 0};
    struct timespec wait, *until = NULL;
    if (d->tail != d->head) {
      int64_t left = d->ring[d->tail % SLOTS].due - now();
      if (left < 0) left = 0;
      wait = (struct timespec){.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000};
      until = &wait;
    }
    ppoll(&arrivals, 1, until, NULL);
    take(d);
    give(d);
  }
  return NULL;
}

int main(int count, char **arguments) {
  if (count != 5) {
    fprintf(stderr, "usage: delay <namespace> <namespace> <device> <microseconds>\n");
    return 2;
  }
  int tuns[2];
  for (int i = 0; i < 2; i++) tuns[i] = open_tun(arguments[1 + i], arguments[3]);
  for (int i = 0; i < 2; i++) {
    struct direction *d = calloc(1, sizeof *d);
    pthread_t thread;
    if (!d) die("reserving memory for", arguments[1 + i]);
    d->from = tuns[i];
    d->to = tuns[1 - i];
    d->delay = atoll(arguments[4]) * 1000;
    if (pthread_create(&thread, NULL, forward, d)) die("starting a thread for", arguments[1 + i]);
  }
  puts("ready");
  fflush(stdout);
  char ignored;
  while (read(STDIN_FILENO, &ignored, 1) > 0) continue;
  return 0;
}
