// Settings and memory of GPUs, for JavaScript.
#pragma once

#include <node_api.h>

namespace gantry {

/// Adds the functions of accelerator.cc.
void export_accelerator(napi_env env, napi_value exports);

/// Adds the functions of graphs.cc.
void export_graphs(napi_env env, napi_value exports);

}  // namespace gantry
