// A second device for tests, in libtorch's place for devices of other makers (PrivateUse1). Its memory is the host's and its
// operators are the CPU's, so every result is that of the CPU. What differs is what differs on a GPU: tensors of two devices do not
// meet in an operator, a backward pass runs in a thread of the device, Gantry's kernels for the CPU do not apply, and what goes
// from one device to the other is a copy, which is counted.
#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <node_api.h>
#include <torch/library.h>

#include <atomic>
#include <cstring>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "../../native/version.h"

namespace {

using at::Tensor;
constexpr c10::DeviceType kOther = c10::DeviceType::PrivateUse1;
using Guard = c10::impl::NoOpDeviceGuardImpl<c10::DeviceType::PrivateUse1>;
C10_REGISTER_GUARD_IMPL(PrivateUse1, Guard);

std::atomic<int64_t> to_device{0}, to_host{0};

/// The same memory as a tensor of another device.
Tensor renamed(const Tensor& tensor, c10::Device device) {
  const c10::DispatchKey key = device.is_cpu() ? c10::DispatchKey::CPU : c10::DispatchKey::PrivateUse1;
  const c10::Storage& memory = tensor.storage();
  auto* holder = new c10::Storage(memory);
  c10::DataPtr data(const_cast<void*>(static_cast<const void*>(memory.data())), holder,
                    [](void* held) { delete static_cast<c10::Storage*>(held); }, device);
  c10::Storage storage(c10::Storage::use_byte_size_t(), memory.nbytes(), std::move(data), c10::GetAllocator(c10::kCPU),
                       /*resizable=*/true);
  Tensor result = at::detail::make_tensor<c10::TensorImpl>(std::move(storage), c10::DispatchKeySet(key), tensor.dtype());
  result.unsafeGetTensorImpl()->set_storage_offset(tensor.storage_offset());
  result.unsafeGetTensorImpl()->set_sizes_and_strides(tensor.sizes(), tensor.strides());
  return result;
}

const c10::Device kCpu(c10::kCPU), kDevice(kOther, 0);

void run(const c10::OperatorHandle& op, torch::jit::Stack* stack);

/// A recording. While it is made, nothing may happen to what was there before, as on CUDA: operators run, since their results'
/// sizes are wanted, and what they changed is put back at the end. A replay runs them again on the same memory.
class Recording {
 public:
  /// An operator is about to run with these arguments, tensors of the CPU.
  void before(const torch::jit::Stack& arguments) {
    each(arguments, [&](const Tensor& tensor) { save(tensor); });
  }

  /// It has run.
  void after(std::function<void(torch::jit::Stack*)> call, torch::jit::Stack arguments, torch::jit::Stack results) {
    each(results, [&](const Tensor& tensor) {
      if (contents_.count(memory_of(tensor)) == 0) made_.push_back(tensor);
    });
    calls_.push_back({std::move(call), std::move(arguments), std::move(results)});
  }

  void end() {
    for (auto& [memory, content] : contents_) std::memcpy(memory, content.bytes.data(), content.bytes.size());
    // What was computed is not there before a replay.
    for (const Tensor& tensor : made_) std::memset(memory_of(tensor), 0xff, tensor.storage().nbytes());
    at::Generator generator = at::detail::getDefaultCPUGenerator();
    generator.set_state(state_);
  }

  void replay() const {
    const at::AutoDispatchBelowADInplaceOrView below;
    for (const Recorded& one : calls_) {
      torch::jit::Stack stack = one.arguments;
      one.call(&stack);
      std::vector<Tensor> found, places;
      each(stack, [&](const Tensor& tensor) { found.push_back(tensor); });
      each(one.results, [&](const Tensor& tensor) { places.push_back(tensor); });
      TORCH_CHECK(found.size() == places.size(), "a replay has other results than the recording");
      for (size_t i = 0; i < found.size(); i++)
        if (found[i].data_ptr() != places[i].data_ptr()) places[i].copy_(found[i]);
    }
  }

 private:
  struct Content {
    Tensor owner;
    std::vector<char> bytes;
  };
  struct Recorded {
    std::function<void(torch::jit::Stack*)> call;
    torch::jit::Stack arguments, results;
  };

  static void* memory_of(const Tensor& tensor) { return const_cast<void*>(static_cast<const void*>(tensor.storage().data())); }

  template <typename Body>
  static void each(const torch::jit::Stack& values, Body body) {
    for (const c10::IValue& value : values) {
      if (value.isTensor() && value.toTensor().defined()) body(value.toTensor());
      if (value.isList())
        for (const c10::IValue& element : value.toListRef())
          if (element.isTensor() && element.toTensor().defined()) body(element.toTensor());
    }
  }

  void save(const Tensor& tensor) {
    const size_t size = tensor.storage().nbytes();
    if (size == 0) return;
    const char* bytes = static_cast<const char*>(memory_of(tensor));
    contents_.try_emplace(memory_of(tensor), Content{tensor, {bytes, bytes + size}});
  }

  std::vector<Recorded> calls_;
  std::unordered_map<void*, Content> contents_;
  std::vector<Tensor> made_;
  Tensor state_ = at::detail::getDefaultCPUGenerator().get_state();
};

/// The recording that is made now, and all by number. Backward passes record on threads of their own, one at a time.
std::mutex recording_mutex;
Recording* recording = nullptr;
std::unordered_map<uint32_t, std::unique_ptr<Recording>> recordings;
uint32_t newest = 0;

void refuse_while_recording(const char* what) {
  TORCH_CHECK(recording == nullptr, what, ": operation not permitted when stream is capturing");
}

/// Runs an operator of the CPU, for the recording too.
template <typename Run>
void recorded(torch::jit::Stack* stack, Run run) {
  const std::lock_guard<std::mutex> lock(recording_mutex);
  if (recording == nullptr) return run(stack);
  torch::jit::Stack arguments = *stack;
  recording->before(arguments);
  run(stack);
  recording->after(run, std::move(arguments), *stack);
}

Tensor empty(at::IntArrayRef size, gantry::Optional<at::ScalarType> type, gantry::Optional<at::Layout>, gantry::Optional<at::Device>,
             gantry::Optional<bool>, gantry::Optional<at::MemoryFormat> format) {
  return renamed(at::empty(size, at::TensorOptions(type.value_or(at::kFloat)), format), kDevice);
}

Tensor empty_strided(at::IntArrayRef size, at::IntArrayRef stride, gantry::Optional<at::ScalarType> type,
                     gantry::Optional<at::Layout>, gantry::Optional<at::Device>, gantry::Optional<bool>) {
  return renamed(at::empty_strided(size, stride, at::TensorOptions(type.value_or(at::kFloat))), kDevice);
}

/// What CUDA does. The CPU's looks at the labels first.
Tensor one_hot(const Tensor& self, int64_t classes) {
  std::vector<int64_t> sizes = self.sizes().vec();
  sizes.push_back(classes);
  return at::zeros(sizes, self.options()).scatter_(-1, self.unsqueeze(-1), 1);
}

Tensor copy_from(const Tensor& from, const Tensor& to, bool) {
  if (from.device() != to.device()) {
    refuse_while_recording("copy between host and device");
    (from.is_cpu() ? to_device : to_host)++;
  }
  const auto on_cpu = [](const Tensor& tensor) { return tensor.is_cpu() ? tensor : renamed(tensor, kCpu); };
  torch::jit::Stack stack{on_cpu(to), on_cpu(from)};
  recorded(&stack, [](torch::jit::Stack* values) {
    values->at(0).toTensor().copy_(values->at(1).toTensor());
    values->resize(1);
  });
  return to;
}

/// An operator on the CPU with the same memory.
struct Call {
  const c10::OperatorHandle& op;
  std::unordered_map<c10::TensorImpl*, Tensor> originals;
  bool any = false;
  const char* foreign = nullptr;

  Tensor lowered(const Tensor& tensor) {
    if (!tensor.defined()) return tensor;
    if (tensor.is_cpu()) {
      if (tensor.dim() > 0) foreign = "cpu";
      // A number in a tensor of the host is read when an operator is recorded.
      return recording != nullptr && !tensor.unsafeGetTensorImpl()->is_wrapped_number() ? tensor.clone() : tensor;
    }
    any = true;
    Tensor twin = renamed(tensor, kCpu);
    originals[twin.unsafeGetTensorImpl()] = tensor;
    return twin;
  }

  Tensor raised(const Tensor& tensor) {
    if (!tensor.defined()) return tensor;
    const auto known = originals.find(tensor.unsafeGetTensorImpl());
    if (known == originals.end()) return renamed(tensor, kDevice);
    Tensor& original = known->second;
    if (original.sizes() != tensor.sizes()) {
      // An operator that makes its result of an empty one.
      const Tensor grown = renamed(tensor, kDevice);
      original.unsafeGetTensorImpl()->set_storage_keep_dtype(grown.storage());
      original.unsafeGetTensorImpl()->set_sizes_and_strides(grown.sizes(), grown.strides());
    }
    return original;
  }

  template <typename Change>
  c10::IValue changed(const c10::IValue& value, Change change) {
    if (value.isTensor()) return change(value.toTensor());
    if (value.isTensorList()) {
      c10::List<Tensor> list;
      for (const Tensor& each : value.toTensorVector()) list.push_back(change(each));
      return list;
    }
    if (value.isList() && value.toList().elementType()->kind() == c10::TypeKind::OptionalType) {
      c10::List<gantry::Optional<Tensor>> list;
      for (const c10::IValue& each : value.toListRef())
        list.push_back(each.isTensor() ? gantry::Optional<Tensor>(change(each.toTensor())) : gantry::Optional<Tensor>());
      return list;
    }
    if (value.isDevice()) return c10::IValue(kCpu);
    return value;
  }
};

/// Calls the operator; convolutions of such devices have names of their own.
void run(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  const std::string& name = op.schema().name();
  const auto call = [&](const char* known) {
    c10::Dispatcher::singleton().findSchemaOrThrow(known, "").callBoxed(stack);
  };
  if (name == "aten::convolution_overrideable") return call("aten::convolution");
  if (name == "aten::convolution_backward_overrideable") {
    const std::vector<int64_t> bias_sizes = {stack->at(0).toTensor().size(1)};
    stack->insert(stack->begin() + 3, c10::IValue(bias_sizes));
    return call("aten::convolution_backward");
  }
  op.callBoxed(stack);
}

void fallback(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  const std::string& name = op.schema().name();
  if (name == "aten::_local_scalar_dense" || name == "aten::equal" || name == "aten::nonzero") {
    refuse_while_recording(name.c_str());
    to_host++;
  }
  Call call{op, {}};
  for (c10::IValue& value : *stack) value = call.changed(value, [&](const Tensor& t) { return call.lowered(t); });
  TORCH_CHECK(!(call.any && call.foreign), name, ": expected all tensors to be on the same device, one is on ", call.foreign);
  recorded(stack, [op](torch::jit::Stack* values) { run(op, values); });
  for (c10::IValue& value : *stack) value = call.changed(value, [&](const Tensor& t) { return call.raised(t); });
}

TORCH_LIBRARY_IMPL(aten, PrivateUse1, library) {
  library.impl("empty.memory_format", empty);
  library.impl("empty_strided", empty_strided);
  library.impl("_copy_from", copy_from);
  library.impl("one_hot", one_hot);
  for (const char* name : {"convolution_overrideable", "convolution_backward_overrideable"})
    library.impl(name, torch::CppFunction::makeFromBoxedFunction<&fallback>());
}

TORCH_LIBRARY_IMPL(aten, AutogradPrivateUse1, library) { library.impl("one_hot", one_hot); }

TORCH_LIBRARY_IMPL(_, PrivateUse1, library) {
  library.fallback(torch::CppFunction::makeFromBoxedFunction<&fallback>());
}

/// copies(): [to the device, to the host] since the last call.
napi_value copies(napi_env env, napi_callback_info) {
  napi_value result, number;
  napi_create_array_with_length(env, 2, &result);
  uint32_t i = 0;
  for (const int64_t count : {to_device.exchange(0), to_host.exchange(0)}) {
    napi_create_int64(env, count, &number);
    napi_set_element(env, result, i++, number);
  }
  return result;
}

uint32_t first_number(napi_env env, napi_callback_info info) {
  napi_value argument;
  size_t count = 1;
  uint32_t number = 0;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  napi_get_value_uint32(env, argument, &number);
  return number;
}

/// The functions of native/graphs.cc.
napi_value graph_stream(napi_env, napi_callback_info) { return nullptr; }

napi_value graph_begin(napi_env env, napi_callback_info) {
  auto made = std::make_unique<Recording>();
  recording = made.get();
  recordings[++newest] = std::move(made);
  napi_value result;
  napi_create_uint32(env, newest, &result);
  return result;
}

napi_value graph_end(napi_env, napi_callback_info) {
  recording->end();
  recording = nullptr;
  return nullptr;
}

napi_value graph_replay(napi_env env, napi_callback_info info) {
  try {
    recordings.at(first_number(env, info))->replay();
  } catch (const std::exception& error) {
    napi_throw_error(env, nullptr, error.what());
  }
  return nullptr;
}

napi_value graph_release(napi_env env, napi_callback_info info) {
  recordings.erase(first_number(env, info));
  return nullptr;
}

}  // namespace

NAPI_MODULE_INIT() {
  const auto add = [&](const char* name, napi_callback callback) {
    napi_value function;
    napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function);
    napi_set_named_property(env, exports, name, function);
  };
  add("copies", copies);
  add("graphStream", graph_stream);
  add("graphBegin", graph_begin);
  add("graphEnd", graph_end);
  add("graphReplay", graph_replay);
  add("graphRelease", graph_release);
  return exports;
}
