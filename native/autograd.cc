// Gradients of any order, and the modes that say whether they are recorded.
#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/autograd/autograd.h>

#include "autocast.h"
#include "marshal.h"

namespace gantry {
namespace {

std::vector<at::Tensor> tensors_of(Environment& environment, const std::vector<uint32_t>& numbers) {
  std::vector<at::Tensor> tensors;
  tensors.reserve(numbers.size());
  for (uint32_t number : numbers)
    tensors.push_back(number == 0 ? at::Tensor() : environment.tensors.at(number, "tensor"));
  return tensors;
}

/// grad(outputs, inputs, gradOutputs, retainGraph, createGraph, allowUnused): numbers, 0 where there is no gradient.
napi_value grad(napi_env env, napi_callback_info info) {
  return guarded(env, "grad", [&]() -> napi_value {
    const Arguments arguments(env, info);
    Environment& environment = environment_of(env);
    // A backward pass computes in the types that its forward pass recorded.
    const WithoutAutocast guard;
    const auto gradients = torch::autograd::grad(
        tensors_of(environment, arguments.numbers(0)), tensors_of(environment, arguments.numbers(1)),
        tensors_of(environment, arguments.numbers(2)), arguments.boolean(3), arguments.boolean(4),
        arguments.boolean(5));
    napi_value list;
    check(napi_create_array_with_length(env, gradients.size(), &list), "list");
    for (size_t i = 0; i < gradients.size(); i++)
      check(napi_set_element(env, list, i, result_to_js(env, environment, gradients[i])), "list element");
    return list;
  });
}

napi_value grad_enabled(napi_env env, napi_callback_info) {
  return guarded(env, "gradEnabled", [&] { return to_js(env, c10::GradMode::is_enabled()); });
}

napi_value set_grad_enabled(napi_env env, napi_callback_info info) {
  return guarded(env, "setGradEnabled", [&]() -> napi_value {
    c10::GradMode::set_enabled(Arguments(env, info).boolean(0));
    return nullptr;
  });
}

/// inferenceMode(callback): the guard lives on this stack, so it ends with the callback however that ends.
napi_value inference_mode(napi_env env, napi_callback_info info) {
  return guarded(env, "inferenceMode", [&]() -> napi_value {
    const Arguments arguments(env, info);
    const c10::InferenceMode guard;
    napi_value global;
    napi_value result = nullptr;
    check(napi_get_global(env, &global), "global");
    check(napi_call_function(env, global, arguments[0], 0, nullptr, &result), "callback");
    return result;
  });
}

}  // namespace

void export_autograd(napi_env env, napi_value exports) {
  export_function(env, exports, "grad", grad);
  export_function(env, exports, "gradEnabled", grad_enabled);
  export_function(env, exports, "setGradEnabled", set_grad_enabled);
  export_function(env, exports, "inferenceMode", inference_mode);
}

}  // namespace gantry
