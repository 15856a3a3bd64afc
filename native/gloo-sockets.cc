#include "gloo-sockets.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#ifdef __linux__
#include <linux/filter.h>
#endif

#include <algorithm>

namespace gantry {
namespace {

#ifdef POLLRDHUP
constexpr short kHungUp = POLLRDHUP;
#else
constexpr short kHungUp = POLLHUP;
#endif

/// More descriptors than these are not looked through.
constexpr int kMostDescriptors = 65'536;

/// The inode of a TCP socket; 0 for anything else.
uint64_t inode_of(int descriptor) {
  struct stat status;
  if (fstat(descriptor, &status) != 0 || !S_ISSOCK(status.st_mode)) return 0;
  sockaddr_storage address;
  socklen_t length = sizeof address;
  if (getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &length) != 0) return 0;
  return address.ss_family == AF_INET || address.ss_family == AF_INET6 ? status.st_ino : 0;
}

}  // namespace

std::vector<Socket> open_sockets() {
  rlimit limit;
  int most = kMostDescriptors;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < kMostDescriptors) most = static_cast<int>(limit.rlim_cur);
  std::vector<Socket> found;
  for (int descriptor = 0; descriptor < most; descriptor++) {
    const uint64_t inode = inode_of(descriptor);
    if (inode == 0) continue;
    int listens = 0;
    socklen_t length = sizeof listens;
    getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length);
    found.push_back({descriptor, inode, listens != 0});
  }
  return found;
}

std::vector<Socket> newer(const std::vector<Socket>& before, const std::vector<Socket>& now) {
  std::vector<Socket> found;
  for (const Socket& socket : now) {
    const auto same = [&](const Socket& other) { return other.inode == socket.inode; };
    if (std::none_of(before.begin(), before.end(), same)) found.push_back(socket);
  }
  return found;
}

void hear_only(const Socket& socket, const std::vector<std::string>& addresses) {
#ifdef __linux__
  std::vector<sock_filter> program;
  if (!addresses.empty()) {
    // The sender's address in the header of IPv4 (RFC 791).
    program.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(SKF_NET_OFF + 12)));
  }
  for (const std::string& address : addresses) {
    in_addr parsed;
    // Of IPv6 all are heard.
    if (inet_pton(AF_INET, address.c_str(), &parsed) != 1) return;
    program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ntohl(parsed.s_addr), 0, 1));
    program.push_back(BPF_STMT(BPF_RET | BPF_K, 0xffffffff));
  }
  program.push_back(BPF_STMT(BPF_RET | BPF_K, 0));
  if (program.size() > BPF_MAXINSNS) return;
  const sock_fprog filter = {static_cast<unsigned short>(program.size()), program.data()};
  if (inode_of(socket.descriptor) != socket.inode) return;
  setsockopt(socket.descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter);
#else
  static_cast<void>(socket);
  static_cast<void>(addresses);
#endif
}

bool ended(const Socket& socket) {
  if (socket.listens) return false;
  if (inode_of(socket.descriptor) != socket.inode) return true;
  pollfd asked = {socket.descriptor, kHungUp, 0};
  return poll(&asked, 1, 0) > 0 && (asked.revents & (kHungUp | POLLHUP | POLLERR)) != 0;
}

void end(const Socket& socket) {
  if (!socket.listens && inode_of(socket.descriptor) == socket.inode) shutdown(socket.descriptor, SHUT_RDWR);
}

}  // namespace gantry
