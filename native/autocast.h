// The precision of matrix products and convolutions: PyTorch's autocast, which runs them in bfloat16 or float16 on float32
// tensors. libtorch keeps by thread whether it is on, and its own operators follow its lists.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/DispatchKeySet.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <node_api.h>

#include "version.h"

namespace gantry {

/// The type of products of tensors on this kind of device; nothing while autocast is off there.
Optional<at::ScalarType> autocast_type(c10::DeviceType device);

/// As autocast casts an operand: double precision and whole numbers stay as they are.
at::Tensor cast_operand(const at::Tensor& tensor, at::ScalarType type);

/// Adds the functions of autocast.cc.
void export_autocast(napi_env env, napi_value exports);

/// Autocast is off while this lives.
class WithoutAutocast {
  c10::impl::ExcludeDispatchKeyGuard guard_{c10::autocast_dispatch_keyset};
};

}  // namespace gantry
