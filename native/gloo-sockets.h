// The sockets that gloo opens for itself. Gloo takes whoever connects to them, and waits for hours for a peer that is
// silent; both are decided here, from outside.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace gantry {

/// An open socket. A number of a closed one may be given to another; the inode is not.
struct Socket {
  int descriptor;
  uint64_t inode;
  bool listens;
};

/// All TCP sockets of this process.
std::vector<Socket> open_sockets();

/// Those of `now` that are not in `before`.
std::vector<Socket> newer(const std::vector<Socket>& before, const std::vector<Socket>& now);

/// From now on a listening socket hears only these IPv4 addresses; none: nobody. What is connected stays. On Linux alone; it
/// does nothing elsewhere.
void hear_only(const Socket& socket, const std::vector<std::string>& addresses);

/// Whether the other side has ended a connection.
bool ended(const Socket& socket);

/// Ends a connection, if it is still the same one: whoever waits for it gets an error.
void end(const Socket& socket);

}  // namespace gantry
