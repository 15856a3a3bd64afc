// How the workers of several machines find one another: through worker 0, which listens, and only with a secret that all of
// them know. libtorch's own TCPStore asks for none, and takes lengths from whoever connects.
//
// Worker 0 sends 32 random bytes. The other answers with 32 of its own, its rank, the number of workers, and an
// HMAC-SHA256 of all that under the secret; worker 0 answers with one of its own. Before that nobody can make it keep more than
// 72 bytes, or more than 64 connections, or any of them for longer than ten seconds. The secret itself never travels.
// What follows is neither encrypted nor signed: texts by keys, which all workers get, and a sign of life every few seconds.
//
// Under GANTRY_GLOO only.
#pragma once

#include <torch/csrc/distributed/c10d/HashStore.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace gantry {

/// Where workers come together, and for how long they wait.
struct MeetingPlace {
  int rank;
  int size;
  std::string host;
  uint16_t port;
  std::string secret;
  /// For all to come.
  std::chrono::milliseconds to_meet;
  /// A worker that gives no sign of life for so long is lost. A process that was stopped itself does not count that time.
  std::chrono::milliseconds silence;
};

/// The texts that all workers share: a store of this process, kept equal to the others' by a thread.
class SharedStore : public c10d::HashStore {
 public:
  /// Returns once all workers have come; throws std::runtime_error that says who is missing, and why.
  explicit SharedStore(const MeetingPlace& place);
  ~SharedStore() override;

  void set(const std::string& key, const std::vector<uint8_t>& value) override;

  /// A store of newer libtorch could set several texts at once; without that, gloo calls `set` for each.
  // NOLINTNEXTLINE: it overrides nothing in 1.13.
  bool hasExtendedApi() const { return false; }

  /// This worker's address as the others reach it, and those of all workers.
  std::string address() const;
  std::vector<std::string> addresses() const;

  /// Calls `then` when a worker is lost, from another thread, or now if one is.
  void when_lost(std::function<void()> then);

  /// Why a worker is lost; empty while none is.
  std::string loss() const;

  /// Says to the others that this worker leaves, which is no loss.
  void leave();

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace gantry
