// Processes that compute as one: sums, copies and collections of tensors over gloo, the collective library that every
// libtorch for CPUs carries. A process belongs to at most one group, so the group is the process's, not an environment's.
#ifdef GANTRY_GLOO
// The headers of libtorch show its process group only to those who say that it has gloo.
#define USE_C10D_GLOO
#endif
#include <ATen/Tensor.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/custom_function.h>

#ifdef GANTRY_GLOO
#include <torch/csrc/distributed/c10d/FileStore.hpp>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#endif

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "library.h"
#include "marshal.h"

namespace gantry {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

#ifdef GANTRY_GLOO

using Group = c10d::ProcessGroupGloo;

// Never destroyed: at the end of a process that was interrupted in a collective, gloo would wait for the others.
c10::intrusive_ptr<Group>& group = *new c10::intrusive_ptr<Group>();

Group& joined() {
  if (!group) throw std::logic_error("this process has joined no group");
  return *group;
}

/// Where and for how long processes wait for each other.
struct Rendezvous {
  int rank;
  int size;
  std::string host;
  uint16_t port;
  std::string address;
  /// In the place of host and port: a file that all processes of one machine see. Nothing listens then.
  std::string file;
  std::chrono::milliseconds to_meet;
  std::chrono::milliseconds to_answer;
};

c10::intrusive_ptr<c10d::Store> store_of(const Rendezvous& rendezvous) {
  if (!rendezvous.file.empty()) {
    const auto store = c10::make_intrusive<c10d::FileStore>(rendezvous.file, rendezvous.size);
    store->setTimeout(rendezvous.to_meet);
    return store;
  }
  c10d::TCPStoreOptions place;
  place.port = rendezvous.port;
  place.isServer = rendezvous.rank == 0;
  place.numWorkers = rendezvous.size;
  place.timeout = rendezvous.to_meet;
  return c10::make_intrusive<c10d::TCPStore>(rendezvous.host, place);
}

c10::intrusive_ptr<Group> meet(const Rendezvous& rendezvous) {
  // Before the rendezvous: the others would wait for a process that joins and then finds no network.
  const auto device = rendezvous.address.empty() ? Group::createDefaultDevice()
                                              : Group::createDeviceForHostname(rendezvous.address);
  const auto store = store_of(rendezvous);
  const auto connected = [&](const char* name, std::chrono::milliseconds timeout) {
    const auto options = Group::Options::create(timeout);
    options->devices.push_back(device);
    return c10::make_intrusive<Group>(c10::make_intrusive<c10d::PrefixStore>(name, store), rendezvous.rank, rendezvous.size,
                                      options);
  };
  // Gloo waits for a connection as long as for an answer. A first group shows that all can be reached, and lives until
  // the second exists: slower processes would miss one that closed its connections earlier.
  const auto trial = connected("trial", rendezvous.to_meet);
  return connected("group", rendezvous.to_answer);
}

/// join(rank, size, host, port, address, file, seconds to meet, seconds to answer): waits until all `size` processes have
/// come to host:port, where rank 0 listens, or to the file where one is named. Data go over the network interface that has
/// `address`; empty for the one of this machine's own name.
napi_value join(napi_env env, napi_callback_info info) {
  return guarded(env, "joinGroup", [&]() -> napi_value {
    const Arguments arguments(env, info);
    if (group) throw std::logic_error("this process has joined a group already");
    const auto seconds = [&](size_t i) {
      return std::chrono::milliseconds(static_cast<int64_t>(arguments.real(i) * 1000));
    };
    const Rendezvous rendezvous = {static_cast<int>(arguments.integer(0)),
                             static_cast<int>(arguments.integer(1)),
                             arguments.text(2),
                             static_cast<uint16_t>(arguments.integer(3)),
                             arguments.text(4),
                             arguments.text(5),
                             seconds(6),
                             seconds(7)};
    try {
      group = meet(rendezvous);
    } catch (const std::exception& error) {
      throw std::runtime_error(std::string("no rendezvous: ") + error.what());
    }
    return nullptr;
  });
}

napi_value leave(napi_env env, napi_callback_info) {
  return guarded(env, "leaveGroup", [&]() -> napi_value {
    group.reset();
    return nullptr;
  });
}

/// Gloo moves dense memory of the host.
Tensor on_host(const Tensor& x) { return x.detach().to(at::kCPU).contiguous(); }

Tensor summed(const Tensor& x) {
  std::vector<Tensor> buffers = {on_host(x).clone()};
  joined().allreduce(buffers)->wait();
  return buffers[0].to(x.device());
}

/// The sum over all processes. Each gets the sum, so each one's gradient is the sum of all their gradients.
class Sum : public torch::autograd::Function<Sum> {
 public:
  static Tensor forward(AutogradContext*, const Tensor& x) { return summed(x); }
  static variable_list backward(AutogradContext*, variable_list gradients) { return {apply(gradients[0])}; }
};

Tensor all_reduce(const Tensor& x) { return Sum::apply(x); }

Tensor all_gather(const Tensor& x) {
  std::vector<Tensor> mine = {on_host(x)};
  std::vector<std::vector<Tensor>> all(1);
  for (int i = 0; i < joined().getSize(); i++) all[0].push_back(at::empty(mine[0].sizes(), mine[0].options()));
  joined().allgather(all, mine)->wait();
  return at::cat(all[0]).to(x.device());
}

Tensor broadcast(const Tensor& x, int64_t from) {
  std::vector<Tensor> buffers = {on_host(x).clone()};
  c10d::BroadcastOptions options;
  options.rootRank = from;
  joined().broadcast(buffers, options)->wait();
  return buffers[0].to(x.device());
}

#else

[[noreturn]] void refuse() { throw std::runtime_error("this libtorch was built without gloo"); }

napi_value join(napi_env env, napi_callback_info) {
  return guarded(env, "joinGroup", [&]() -> napi_value { refuse(); });
}

napi_value leave(napi_env, napi_callback_info) { return nullptr; }

Tensor all_reduce(const Tensor&) { refuse(); }
Tensor all_gather(const Tensor&) { refuse(); }
Tensor broadcast(const Tensor&, int64_t) { refuse(); }

#endif

}  // namespace

void define_collectives(torch::Library& library) {
  library.def("all_reduce(Tensor x) -> Tensor", all_reduce);
  library.def("all_gather(Tensor x) -> Tensor", all_gather);
  library.def("broadcast(Tensor x, int source) -> Tensor", broadcast);
}

void export_collectives(napi_env env, napi_value exports) {
  export_function(env, exports, "joinGroup", join);
  export_function(env, exports, "leaveGroup", leave);
}

}  // namespace gantry
