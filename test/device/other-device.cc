// A second device for tests, in libtorch's place for devices of other makers (PrivateUse1). Its memory is the host's and its
// operators are the CPU's, so every result is that of the CPU. What differs is what differs on a GPU: tensors of two devices do not
// meet in an operator, a backward pass runs in a thread of the device, Gantry's kernels for the CPU do not apply, and what goes
// from one device to the other is a copy, which is counted.
#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <node_api.h>
#include <torch/library.h>

#include <atomic>
#include <unordered_map>

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

Tensor empty(at::IntArrayRef size, gantry::Optional<at::ScalarType> type, gantry::Optional<at::Layout>, gantry::Optional<at::Device>,
             gantry::Optional<bool>, gantry::Optional<at::MemoryFormat> format) {
  return renamed(at::empty(size, at::TensorOptions(type.value_or(at::kFloat)), format), kDevice);
}

Tensor empty_strided(at::IntArrayRef size, at::IntArrayRef stride, gantry::Optional<at::ScalarType> type,
                     gantry::Optional<at::Layout>, gantry::Optional<at::Device>, gantry::Optional<bool>) {
  return renamed(at::empty_strided(size, stride, at::TensorOptions(type.value_or(at::kFloat))), kDevice);
}

Tensor copy_from(const Tensor& from, const Tensor& to, bool) {
  if (from.device() != to.device()) (from.is_cpu() ? to_device : to_host)++;
  const auto on_cpu = [](const Tensor& tensor) { return tensor.is_cpu() ? tensor : renamed(tensor, kCpu); };
  on_cpu(to).copy_(on_cpu(from));
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
      return tensor;
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
  if (name == "aten::_local_scalar_dense" || name == "aten::equal" || name == "aten::nonzero") to_host++;
  Call call{op, {}};
  for (c10::IValue& value : *stack) value = call.changed(value, [&](const Tensor& t) { return call.lowered(t); });
  TORCH_CHECK(!(call.any && call.foreign), name, ": expected all tensors to be on the same device, one is on ", call.foreign);
  run(op, stack);
  for (c10::IValue& value : *stack) value = call.changed(value, [&](const Tensor& t) { return call.raised(t); });
}

TORCH_LIBRARY_IMPL(aten, PrivateUse1, library) {
  library.impl("empty.memory_format", empty);
  library.impl("empty_strided", empty_strided);
  library.impl("_copy_from", copy_from);
  for (const char* name : {"convolution_overrideable", "convolution_backward_overrideable"})
    library.impl(name, torch::CppFunction::makeFromBoxedFunction<&fallback>());
}

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

}  // namespace

NAPI_MODULE_INIT() {
  napi_value function;
  napi_create_function(env, "copies", NAPI_AUTO_LENGTH, copies, nullptr, &function);
  napi_set_named_property(env, exports, "copies", function);
  return exports;
}
