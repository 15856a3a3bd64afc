// A tensor's facts, its life, and its values in and out of typed arrays.
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include <cstring>
#include <iterator>

#include "marshal.h"

namespace gantry {
namespace {

napi_value undefined() { return nullptr; }

template <typename Read>
napi_value fact(napi_env env, napi_callback_info info, const char* name, Read read) {
  return guarded(env, name, [&]() -> napi_value {
    const Arguments arguments(env, info);
    return read(environment_of(env).tensors.at(arguments.number(0), "tensor"), arguments);
  });
}

napi_value shape(napi_env env, napi_callback_info info) {
  return fact(env, info, "shape", [&](const at::Tensor& tensor, const Arguments&) {
    napi_value list;
    check(napi_create_array_with_length(env, tensor.dim(), &list), "list");
    for (int64_t i = 0; i < tensor.dim(); i++)
      check(napi_set_element(env, list, i, to_js(env, static_cast<double>(tensor.size(i)))), "list element");
    return list;
  });
}

napi_value dtype(napi_env env, napi_callback_info info) {
  return fact(env, info, "dtype", [&](const at::Tensor& tensor, const Arguments&) {
    return to_js(env, std::string(dtype_name(tensor.scalar_type())));
  });
}

napi_value device(napi_env env, napi_callback_info info) {
  return fact(env, info, "device",
              [&](const at::Tensor& tensor, const Arguments&) { return to_js(env, tensor.device().str()); });
}

napi_value numel(napi_env env, napi_callback_info info) {
  return fact(env, info, "numel", [&](const at::Tensor& tensor, const Arguments&) {
    return to_js(env, static_cast<double>(tensor.numel()));
  });
}

napi_value requires_grad(napi_env env, napi_callback_info info) {
  return fact(env, info, "requiresGrad",
              [&](const at::Tensor& tensor, const Arguments&) { return to_js(env, tensor.requires_grad()); });
}

napi_value set_requires_grad(napi_env env, napi_callback_info info) {
  return fact(env, info, "requiresGrad_", [&](at::Tensor& tensor, const Arguments& arguments) {
    tensor.set_requires_grad(arguments.boolean(1));
    return undefined();
  });
}

napi_value is_contiguous(napi_env env, napi_callback_info info) {
  return fact(env, info, "isContiguous", [&](const at::Tensor& tensor, const Arguments& arguments) {
    return to_js(env, tensor.is_contiguous(memory_format_from_name(arguments.text(1))));
  });
}

/// What a tensor costs besides its elements, roughly; many small ones add up too.
constexpr int64_t kTensorOverhead = 512;

/// Blocks of less than this are counted by tensor; looking up who shares them would cost more than it tells.
constexpr size_t kSharedBlock = size_t{64} << 10;

/// V8 hears of changes in steps: the call itself is not free, and small tensors come by the hundred thousand.
constexpr int64_t kStep = int64_t{1} << 20;

void tell_v8(napi_env env, Environment& environment, int64_t bytes) {
  environment.untold += bytes;
  if (environment.untold < kStep && environment.untold > -kStep) return;
  int64_t total = 0;
  napi_adjust_external_memory(env, environment.untold, &total);
  environment.untold = 0;
}

void release(napi_env env, Environment& environment, uint32_t number) {
  if (!environment.tensors.has(number)) return;
  if (number < environment.accounts.size() && environment.accounts[number].bytes != 0) {
    Account& account = environment.accounts[number];
    const auto holders = environment.holders.find(account.shared);
    if (account.shared == nullptr || --holders->second == 0) tell_v8(env, environment, -account.bytes);
    if (account.shared != nullptr && holders->second == 0) environment.holders.erase(holders);
    account = {};
  }
  environment.tensors.release(number);
}

/// Drops the references to buffers whose tensors have died since.
void drop_released_buffers(napi_env env, Environment& environment) {
  std::vector<napi_ref> references;
  {
    const std::lock_guard<std::mutex> lock(environment.released->mutex);
    references.swap(environment.released->references);
  }
  for (napi_ref reference : references) napi_delete_reference(env, reference);
}

/// free(numbers: Uint32Array, count)
napi_value free_tensors(napi_env env, napi_callback_info info) {
  return guarded(env, "free", [&]() -> napi_value {
    const Arguments arguments(env, info);
    Environment& environment = environment_of(env);
    napi_typedarray_type type;
    size_t length = 0;
    void* data = nullptr;
    check(napi_get_typedarray_info(env, arguments[0], &type, &length, &data, nullptr, nullptr), "a typed array");
    const size_t count = arguments.number(1);
    if (type != napi_uint32_array || count > length) throw std::invalid_argument("a Uint32Array was expected");
    const auto* numbers = static_cast<const uint32_t*>(data);
    for (size_t i = 0; i < count; i++) release(env, environment, numbers[i]);
    drop_released_buffers(env, environment);
    return undefined();
  });
}

/// account(number): tells V8 how much memory a tensor outside every scope holds, so that the collector feels it. Views
/// share their memory, so a block is counted once, until the last of them is freed.
napi_value account(napi_env env, napi_callback_info info) {
  return guarded(env, "account", [&]() -> napi_value {
    const Arguments arguments(env, info);
    Environment& environment = environment_of(env);
    const uint32_t number = arguments.number(0);
    const at::Tensor& tensor = environment.tensors.at(number, "tensor");
    if (environment.accounts.size() <= number) environment.accounts.resize(number * 2 + 64);
    Account& account = environment.accounts[number];
    if (account.bytes != 0) return undefined();
    const size_t block = tensor.has_storage() ? tensor.storage().nbytes() : 0;
    account.bytes = static_cast<int64_t>(block) + kTensorOverhead;
    if (block >= kSharedBlock) account.shared = tensor.storage().unsafeGetStorageImpl();
    if (account.shared == nullptr || environment.holders[account.shared]++ == 0)
      tell_v8(env, environment, account.bytes);
    return undefined();
  });
}

napi_value live(napi_env env, napi_callback_info) {
  return guarded(env, "live",
                 [&] { return to_js(env, static_cast<double>(environment_of(env).tensors.size())); });
}

struct Bytes {
  void* data = nullptr;
  size_t length = 0;
};

/// The memory behind a typed array of any element type. An array whose buffer was transferred away looks empty: it is
/// refused, because it held something when the caller made it.
Bytes bytes_of(napi_env env, napi_value value) {
  static constexpr size_t widths[] = {1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8};
  napi_typedarray_type type = napi_int8_array;
  Bytes bytes;
  napi_value buffer;
  check(napi_get_typedarray_info(env, value, &type, &bytes.length, &bytes.data, &buffer, nullptr), "a typed array");
  if (static_cast<size_t>(type) >= std::size(widths)) throw std::invalid_argument("an array of an unknown type");
  bool detached = false;
  check(napi_is_detached_arraybuffer(env, buffer, &detached), "detached");
  if (detached) throw std::invalid_argument("the array's memory was transferred away");
  bytes.length *= widths[type];
  return bytes;
}

std::vector<int64_t> shape_from_js(napi_env env, napi_value value) {
  uint32_t rank = 0;
  check(napi_get_array_length(env, value, &rank), "a shape");
  std::vector<int64_t> sizes(rank);
  for (uint32_t i = 0; i < rank; i++) {
    napi_value element;
    check(napi_get_element(env, value, i, &element), "a size");
    double size = 0;
    check(napi_get_value_double(env, element, &size), "a size");
    if (!(size >= 0 && size <= 9e15 && size == static_cast<double>(static_cast<int64_t>(size))))
      throw std::invalid_argument("a size must be a whole number of at least 0, got " + std::to_string(size));
    sizes[i] = static_cast<int64_t>(size);
  }
  return sizes;
}

void require_size(const std::vector<int64_t>& sizes, size_t item, size_t bytes) {
  double wanted = static_cast<double>(item);
  for (int64_t size : sizes) wanted *= static_cast<double>(size);
  if (wanted != static_cast<double>(bytes))
    throw std::invalid_argument("the shape needs " + std::to_string(static_cast<int64_t>(wanted)) +
                                " bytes, the array has " + std::to_string(bytes));
}

napi_value entered(napi_env env, at::Tensor tensor) {
  napi_value result;
  check(napi_create_uint32(env, environment_of(env).tensors.insert(std::move(tensor)), &result), "number");
  return result;
}

/// fromArray(typedArray, dtype, shape): a copy.
napi_value from_array(napi_env env, napi_callback_info info) {
  return guarded(env, "fromArray", [&]() -> napi_value {
    const Arguments arguments(env, info);
    const Bytes bytes = bytes_of(env, arguments[0]);
    const at::ScalarType type = dtype_from_name(arguments.text(1));
    const std::vector<int64_t> sizes = shape_from_js(env, arguments[2]);
    require_size(sizes, at::elementSize(type), bytes.length);
    at::Tensor tensor = at::empty(sizes, type);
    if (bytes.length > 0) std::memcpy(tensor.data_ptr(), bytes.data, bytes.length);
    return entered(env, std::move(tensor));
  });
}

/// fromShared(typedArray, dtype, shape): no copy. Only for arrays over a SharedArrayBuffer, which JavaScript cannot
/// detach under us; the buffer is held until the last tensor that uses it is gone.
napi_value from_shared(napi_env env, napi_callback_info info) {
  return guarded(env, "fromShared", [&]() -> napi_value {
    const Arguments arguments(env, info);
    Environment& environment = environment_of(env);
    drop_released_buffers(env, environment);
    const Bytes bytes = bytes_of(env, arguments[0]);
    const at::ScalarType type = dtype_from_name(arguments.text(1));
    const std::vector<int64_t> sizes = shape_from_js(env, arguments[2]);
    require_size(sizes, at::elementSize(type), bytes.length);
    napi_ref reference;
    check(napi_create_reference(env, arguments[0], 1, &reference), "reference");
    auto released = environment.released;
    // A shared owner, so that the reference is given back too when libtorch refuses to make the tensor.
    const std::shared_ptr<void> owner(bytes.data, [released, reference](void*) {
      const std::lock_guard<std::mutex> lock(released->mutex);
      released->references.push_back(reference);
    });
    return entered(env, at::from_blob(bytes.data, sizes, [owner](void*) {}, at::TensorOptions(type)));
  });
}

/// copyOut(number, typedArray): the values in row-major order.
napi_value copy_out(napi_env env, napi_callback_info info) {
  return fact(env, info, "toArray", [&](const at::Tensor& tensor, const Arguments& arguments) {
    const Bytes bytes = bytes_of(env, arguments[1]);
    const at::Tensor values = tensor.detach().to(at::kCPU).contiguous();
    if (values.numel() * values.element_size() != bytes.length)
      throw std::invalid_argument("the array's size does not fit the tensor's");
    if (bytes.length == 0) return undefined();
    if (values.data_ptr() == nullptr) throw std::invalid_argument("the tensor has no values in memory");
    std::memcpy(bytes.data, values.data_ptr(), bytes.length);
    return undefined();
  });
}

}  // namespace

void export_tensors(napi_env env, napi_value exports) {
  export_function(env, exports, "shape", shape);
  export_function(env, exports, "dtype", dtype);
  export_function(env, exports, "device", device);
  export_function(env, exports, "numel", numel);
  export_function(env, exports, "requiresGrad", requires_grad);
  export_function(env, exports, "setRequiresGrad", set_requires_grad);
  export_function(env, exports, "isContiguous", is_contiguous);
  export_function(env, exports, "free", free_tensors);
  export_function(env, exports, "account", account);
  export_function(env, exports, "live", live);
  export_function(env, exports, "fromArray", from_array);
  export_function(env, exports, "fromShared", from_shared);
  export_function(env, exports, "copyOut", copy_out);
}

}  // namespace gantry
