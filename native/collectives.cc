// Processes that compute as one: sums, copies and collections of tensors over gloo, the collective library that every
// libtorch for CPUs carries, and between GPUs over NCCL where there is one. A process belongs to at most one group, so the group is the process's, not an environment's.
#ifdef GANTRY_GLOO
// The headers of libtorch show its process group only to those who say that it has gloo.
#define USE_C10D_GLOO
#endif
#include <ATen/Tensor.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <torch/csrc/autograd/custom_function.h>

#ifdef GANTRY_GLOO
#include <torch/csrc/distributed/c10d/FileStore.hpp>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#endif

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gloo-sockets.h"
#include "library.h"
#include "marshal.h"
#include "nccl.h"
#ifdef GANTRY_GLOO
#include "shared-store.h"
#endif

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

/// Of processes of several machines. Never destroyed either.
c10::intrusive_ptr<SharedStore>& shared_store = *new c10::intrusive_ptr<SharedStore>();

/// Where the processes of the group can leave texts for one another. Never destroyed either.
c10::intrusive_ptr<c10d::Store>& texts = *new c10::intrusive_ptr<c10d::Store>();

/// Gloo's connections of the group.
std::vector<Socket>& connections = *new std::vector<Socket>();

/// For tensors of a device, where all processes have NCCL. Never destroyed either.
std::unique_ptr<NcclGroup>& devices = *new std::unique_ptr<NcclGroup>();

/// Where and for how long processes wait for each other.
struct Rendezvous {
  MeetingPlace place;
  /// The address of this machine for the data; empty for the one from which it reached the others.
  std::string address;
  /// In the place of host and port: a file that all processes of one machine see. Nothing listens for it then.
  std::string file;
  std::chrono::milliseconds to_answer;
  /// The process without which this one has nothing to do; 0 for none.
  pid_t leader;
};

/// Once all processes have come, connections between them are made at once.
constexpr std::chrono::seconds kToConnect(60);

/// Ends this process when its leader is gone: it may be waiting in gloo, which would not notice.
void follow(pid_t leader) {
  static std::atomic<bool> follows{false};
  if (leader == 0 || follows.exchange(true)) return;
  std::thread([leader] {
    while (getppid() == leader) std::this_thread::sleep_for(std::chrono::milliseconds(500));
    _exit(1);
  }).detach();
}

c10::intrusive_ptr<Group> meet(const Rendezvous& rendezvous) {
  const MeetingPlace& place = rendezvous.place;
  follow(rendezvous.leader);
  c10::intrusive_ptr<c10d::Store> store;
  std::string own = rendezvous.address;
  std::vector<std::string> others;
  auto to_connect = place.to_meet;
  if (rendezvous.file.empty()) {
    shared_store = c10::make_intrusive<SharedStore>(place);
    store = shared_store;
    if (own.empty()) own = shared_store->address();
    others = shared_store->addresses();
    to_connect = std::min<std::chrono::milliseconds>(to_connect, kToConnect);
  } else {
    store = c10::make_intrusive<c10d::FileStore>(rendezvous.file, place.size);
  }
  store->setTimeout(to_connect);
  const auto before = open_sockets();
  const auto device = own.empty() ? Group::createDefaultDevice() : Group::createDeviceForHostname(own);
  // Gloo takes whoever connects: at first only the machines of the other workers, and nobody once all are connected.
  for (const Socket& socket : newer(before, open_sockets())) {
    if (socket.listens && !others.empty()) hear_only(socket, others);
  }
  const auto connected = [&](const char* name, std::chrono::milliseconds timeout) {
    const auto options = Group::Options::create(timeout);
    options->devices.push_back(device);
    return c10::make_intrusive<Group>(c10::make_intrusive<c10d::PrefixStore>(name, store), place.rank, place.size, options);
  };
  // Gloo waits for a connection as long as for an answer. A first group shows that all can be reached, and lives until
  // the second exists: slower processes would miss one that closed its connections earlier.
  const auto trial = connected("trial", to_connect);
  const auto before_group = open_sockets();
  const auto joined = connected("group", rendezvous.to_answer);
  connections = newer(before_group, open_sockets());
  texts = store;
  const auto sockets = newer(before, open_sockets());
  for (const Socket& socket : sockets) {
    if (socket.listens) hear_only(socket, {});
  }
  if (shared_store) {
    shared_store->when_lost([sockets] {
      for (const Socket& socket : sockets) end(socket);
    });
  }
  return joined;
}

/// Waits for the others; throws what is known of one that is lost.
template <typename Work>
void finish(const Work& work) {
  try {
    work->wait();
  } catch (const std::exception&) {
    const std::string loss = shared_store ? shared_store->loss() : "";
    if (loss.empty()) throw;
    throw std::runtime_error("connection lost: " + loss);
  }
}

/// join(rank, size, host, port, secret, address, file, seconds to meet, seconds to answer, seconds of silence, leader): waits
/// until all `size` processes have come to host:port, where rank 0 listens, or to the file where one is named. Data go over
/// the network interface that has `address`.
napi_value join(napi_env env, napi_callback_info info) {
  return guarded(env, "joinGroup", [&]() -> napi_value {
    const Arguments arguments(env, info);
    if (group) throw std::logic_error("this process has joined a group already");
    const auto seconds = [&](size_t i) {
      return std::chrono::milliseconds(static_cast<int64_t>(arguments.real(i) * 1000));
    };
    const MeetingPlace place = {static_cast<int>(arguments.integer(0)),
                                static_cast<int>(arguments.integer(1)),
                                arguments.text(2),
                                static_cast<uint16_t>(arguments.integer(3)),
                                arguments.text(4),
                                seconds(7),
                                seconds(9)};
    const Rendezvous rendezvous = {place, arguments.text(5), arguments.text(6), seconds(8), static_cast<pid_t>(arguments.integer(10))};
    try {
      group = meet(rendezvous);
    } catch (const std::exception& error) {
      std::string why = error.what();
      if (shared_store) {
        if (!shared_store->loss().empty()) why = shared_store->loss();
        shared_store->leave();
        shared_store.reset();
      }
      throw std::runtime_error("no rendezvous: " + why);
    }
    return nullptr;
  });
}

napi_value leave(napi_env env, napi_callback_info) {
  return guarded(env, "leaveGroup", [&]() -> napi_value {
    devices.reset();
    if (shared_store) shared_store->leave();
    group.reset();
    texts.reset();
    shared_store.reset();
    return nullptr;
  });
}

/// Why another process is gone; empty while none is.
std::string gone() {
  const std::string loss = shared_store ? shared_store->loss() : "";
  if (!loss.empty()) return loss;
  return std::any_of(connections.begin(), connections.end(), ended) ? "another worker has ended" : "";
}

/// Whether this is so in all processes.
bool in_all(bool here) {
  std::vector<Tensor> counted = {at::full({1}, here ? 1 : 0, at::kInt)};
  finish(joined().allreduce(counted));
  return counted[0].item<int>() == joined().getSize();
}

/// joinDevices(device): from now on tensors of this device go from device to device, if NCCL can do it in all processes, which call
/// this together. Returns { library, reason }: what carries them, and why not NCCL.
napi_value join_devices(napi_env env, napi_callback_info info) {
  return guarded(env, "joinDevices", [&]() -> napi_value {
    const c10::Device device(Arguments(env, info).text(0));
    if (devices) throw std::logic_error("the devices of this group have been joined already");
    std::string version, reason;
    try {
      // In libtorch's place for devices of other makers, the makers' library has NCCL's interface.
      if (device.is_cpu()) {
        reason = "this worker computes on the CPU";
      } else if (!device.is_cuda() && device.type() != c10::DeviceType::PrivateUse1) {
        reason = "NCCL is for CUDA";
      } else {
        version = nccl_version();
      }
    } catch (const std::exception& error) {
      reason = error.what();
    }
    if (in_all(reason.empty())) {
      const int rank = joined().getRank();
      if (rank == 0) {
        const NcclId made = new_nccl_id();
        texts->set("nccl", std::vector<uint8_t>(made.begin(), made.end()));
      }
      const std::vector<uint8_t> given = texts->get("nccl");
      NcclId id;
      if (given.size() != id.size()) throw std::runtime_error("NCCL: the id of the group has the wrong length");
      std::copy(given.begin(), given.end(), id.begin());
      devices = std::make_unique<NcclGroup>(device, rank, joined().getSize(), id, gone);
    } else if (reason.empty()) {
      reason = "another worker cannot use it";
    }
    napi_value result;
    check(napi_create_object(env, &result), "object");
    check(napi_set_named_property(env, result, "library", to_js(env, reason.empty() ? "NCCL " + version : std::string("gloo"))), "library");
    check(napi_set_named_property(env, result, "reason", to_js(env, reason)), "reason");
    return result;
  });
}

/// requireGroup(): throws if what the processes have begun together was aborted.
napi_value require_group(napi_env env, napi_callback_info) {
  return guarded(env, "requireGroup", [&]() -> napi_value {
    const std::string loss = devices ? devices->loss() : "";
    if (!loss.empty()) throw std::runtime_error("connection lost: " + loss);
    return nullptr;
  });
}

/// Whether a tensor goes from device to device.
bool on_devices(const Tensor& x) {
  return devices && x.device() == devices->device() && NcclGroup::carries(x.scalar_type());
}

/// Gloo moves dense memory of the host.
Tensor on_host(const Tensor& x) { return x.detach().to(at::kCPU).contiguous(); }

Tensor summed(const Tensor& x) {
  if (on_devices(x)) return devices->sum(x);
  std::vector<Tensor> buffers = {on_host(x).clone()};
  finish(joined().allreduce(buffers));
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
  if (on_devices(x)) return devices->gathered(x);
  std::vector<Tensor> mine = {on_host(x)};
  std::vector<std::vector<Tensor>> all(1);
  for (int i = 0; i < joined().getSize(); i++) all[0].push_back(at::empty(mine[0].sizes(), mine[0].options()));
  finish(joined().allgather(all, mine));
  return at::cat(all[0]).to(x.device());
}

Tensor broadcast(const Tensor& x, int64_t from) {
  if (on_devices(x)) return devices->copied(x, static_cast<int>(from));
  std::vector<Tensor> buffers = {on_host(x).clone()};
  c10d::BroadcastOptions options;
  options.rootRank = from;
  finish(joined().broadcast(buffers, options));
  return buffers[0].to(x.device());
}

#else

[[noreturn]] void refuse() { throw std::runtime_error("this libtorch was built without gloo"); }

napi_value join(napi_env env, napi_callback_info) {
  return guarded(env, "joinGroup", [&]() -> napi_value { refuse(); });
}

napi_value leave(napi_env, napi_callback_info) { return nullptr; }

napi_value join_devices(napi_env env, napi_callback_info) {
  return guarded(env, "joinDevices", [&]() -> napi_value { refuse(); });
}

napi_value require_group(napi_env, napi_callback_info) { return nullptr; }

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
  export_function(env, exports, "joinDevices", join_devices);
  export_function(env, exports, "requireGroup", require_group);
}

}  // namespace gantry
