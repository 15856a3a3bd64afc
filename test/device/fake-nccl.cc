// A library with NCCL's interface for processes of one machine whose devices lie in the host's memory: test/device/nccl.test.ts.
// Its processes exchange files in a folder of FAKE_NCCL_FOLDER, which the group's id names. A call returns when all have made it, or
// after an abort.
// FAKE_NCCL_FAILS names a function that fails. Each call of a collective is a line of stderr: name, count, type, operation or root.
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

struct ncclComm {
  std::string folder;
  int size, rank, round = 0;
  std::atomic<bool> aborted{false};
};

template <typename T>
static void add(const std::vector<std::string>& all, void* to, size_t count) {
  T* sums = static_cast<T*>(to);
  std::memset(to, 0, count * sizeof(T));
  for (const std::string& one : all)
    for (size_t i = 0; i < count; i++) sums[i] += reinterpret_cast<const T*>(one.data())[i];
}

extern "C" {

struct ncclUniqueId {
  char internal[128];
};

enum { kSuccess = 0, kCudaError = 1, kSystemError = 2, kInvalidArgument = 4, kRemoteError = 6 };

static bool fails(const char* name) {
  const char* named = getenv("FAKE_NCCL_FAILS");
  return named != nullptr && strcmp(named, name) == 0;
}

static size_t bytes_of(int type) {
  switch (type) {
    case 0:
    case 1: return 1;
    case 6:
    case 9: return 2;
    case 2:
    case 3:
    case 7: return 4;
    default: return 8;
  }
}

static std::string file_of(const ncclComm* group, int round, int rank) {
  return group->folder + "/" + std::to_string(round) + "-" + std::to_string(rank);
}

/// What all processes gave in this round, by rank; empty after an abort.
static std::vector<std::string> exchanged(ncclComm* group, const void* own, size_t bytes) {
  const int round = group->round++;
  const std::string mine = file_of(group, round, group->rank);
  std::ofstream(mine + "~", std::ios::binary).write(static_cast<const char*>(own), static_cast<std::streamsize>(bytes));
  rename((mine + "~").c_str(), mine.c_str());
  std::vector<std::string> all;
  while (static_cast<int>(all.size()) < group->size) {
    std::ifstream file(file_of(group, round, static_cast<int>(all.size())), std::ios::binary);
    if (file) {
      all.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    } else if (group->aborted) {
      return {};
    } else {
      usleep(1000);
    }
  }
  return all;
}

int ncclGetVersion(int* version) {
  *version = 22602;
  return kSuccess;
}

int ncclGetUniqueId(ncclUniqueId* id) {
  // All 128 bytes are used, also after a zero.
  for (size_t i = 0; i < sizeof id->internal; i++) id->internal[i] = static_cast<char>(i * 7 + 130);
  snprintf(id->internal, sizeof id->internal, "%s/XXXXXX", getenv("FAKE_NCCL_FOLDER"));
  return mkdtemp(id->internal) == nullptr ? kSystemError : kSuccess;
}

int ncclCommInitRank(ncclComm** group, int size, ncclUniqueId id, int rank) {
  if (fails("ncclCommInitRank")) return kInvalidArgument;
  for (size_t i = strlen(id.internal) + 1; i < sizeof id.internal; i++)
    if (id.internal[i] != static_cast<char>(i * 7 + 130)) return kInvalidArgument;
  *group = new ncclComm{id.internal, size, rank};
  return kSuccess;
}

int ncclCommAbort(ncclComm* group) {
  fprintf(stderr, "ncclCommAbort\n");
  group->aborted = true;
  return kSuccess;
}

int ncclCommDestroy(ncclComm* group) {
  fprintf(stderr, "ncclCommDestroy\n");
  delete group;
  return kSuccess;
}

int ncclCommGetAsyncError(ncclComm*, int* error) {
  *error = kSuccess;
  return kSuccess;
}

const char* ncclGetErrorString(int result) {
  if (result == kCudaError) return "unhandled cuda error (run with NCCL_DEBUG=INFO for details)";
  if (result == kInvalidArgument) return "invalid argument (run with NCCL_DEBUG=WARN for details)";
  return result == kRemoteError ? "remote process exited or there was a network error" : "unhandled system error";
}

int ncclAllReduce(const void* from, void* to, size_t count, int type, int operation, ncclComm* group, void*) {
  if (fails("ncclAllReduce")) return kCudaError;
  fprintf(stderr, "ncclAllReduce %zu %d %d\n", count, type, operation);
  if (operation != 0) return kInvalidArgument;
  const auto all = exchanged(group, from, count * bytes_of(type));
  if (all.empty()) return kRemoteError;
  if (type == 7) {
    add<float>(all, to, count);
  } else if (type == 8) {
    add<double>(all, to, count);
  } else if (type == 4) {
    add<int64_t>(all, to, count);
  } else {
    return kInvalidArgument;
  }
  return kSuccess;
}

int ncclAllGather(const void* from, void* to, size_t count, int type, ncclComm* group, void*) {
  fprintf(stderr, "ncclAllGather %zu %d\n", count, type);
  const size_t bytes = count * bytes_of(type);
  const auto all = exchanged(group, from, bytes);
  for (size_t rank = 0; rank < all.size(); rank++) memcpy(static_cast<char*>(to) + rank * bytes, all[rank].data(), bytes);
  return all.empty() ? kRemoteError : kSuccess;
}

int ncclBroadcast(const void* from, void* to, size_t count, int type, int root, ncclComm* group, void*) {
  fprintf(stderr, "ncclBroadcast %zu %d %d\n", count, type, root);
  const size_t bytes = count * bytes_of(type);
  const auto all = exchanged(group, from, bytes);
  if (all.empty()) return kRemoteError;
  memcpy(to, all[root].data(), bytes);
  return kSuccess;
}
}
