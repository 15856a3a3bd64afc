#ifdef GANTRY_GLOO
#include "shared-store.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <deque>
#include <list>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "hmac.h"

namespace gantry {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr size_t kNonce = 32;
constexpr size_t kProof = 32;
/// Nonce, rank and size, and the proof.
constexpr size_t kGreeting = kNonce + 8 + kProof;
/// A state and a proof.
constexpr size_t kAnswer = 1 + kProof;
constexpr size_t kMostStrangers = 64;
constexpr int kPatience = 10;
constexpr size_t kLongestKey = 1 << 12;
constexpr size_t kLongestValue = 1 << 20;
constexpr size_t kLongestUnsent = 1 << 26;
const char* const kAddresses = "gantry/addresses";

enum Frame : uint8_t { kAlive = 0, kText = 1, kBye = 2, kLoss = 3 };
enum State : uint8_t { kWelcome = 0, kTaken = 1, kOtherSize = 2 };

std::string number(uint32_t value) {
  std::string bytes(4, '\0');
  for (int i = 0; i < 4; i++) bytes[i] = static_cast<char>(value >> (8 * i));
  return bytes;
}

uint32_t number_at(const std::string& bytes, size_t at) {
  uint32_t value = 0;
  for (int i = 3; i >= 0; i--) value = value << 8 | static_cast<uint8_t>(bytes[at + i]);
  return value;
}

std::string text_of(const Digest& digest) { return std::string(digest.begin(), digest.end()); }

/// Both sides' proofs differ in their first word, so that neither can be sent back as the other.
std::string proof(const std::string& secret, const char* side, const std::string& said) {
  return text_of(hmac(secret, std::string("gantry 1 ") + side + '\0' + said));
}

bool proves(const std::string& given, const std::string& expected) {
  Digest a, b;
  std::copy(given.begin(), given.end(), a.begin());
  std::copy(expected.begin(), expected.end(), b.begin());
  return same(a, b);
}

std::string nonce() {
  std::string bytes(kNonce, '\0');
  FILE* source = std::fopen("/dev/urandom", "rb");
  const bool whole = source != nullptr && std::fread(&bytes[0], 1, kNonce, source) == kNonce;
  if (source != nullptr) std::fclose(source);
  if (!whole) throw std::runtime_error("the system gives no random numbers (/dev/urandom)");
  return bytes;
}

std::string frame(Frame kind, const std::string& key, const std::string& value) {
  return std::string(1, static_cast<char>(kind)) + number(static_cast<uint32_t>(key.size())) +
         number(static_cast<uint32_t>(value.size())) + key + value;
}

void prepare(int socket) {
  fcntl(socket, F_SETFD, FD_CLOEXEC);
  fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) | O_NONBLOCK);
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/// An address in words; of IPv4 within IPv6, the former.
std::string in_words(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, text, sizeof text);
    return text;
  }
  const auto& wide = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
  if (IN6_IS_ADDR_V4MAPPED(&wide)) inet_ntop(AF_INET, &wide.s6_addr[12], text, sizeof text);
  else inet_ntop(AF_INET6, &wide, text, sizeof text);
  return text;
}

std::string address_of(int socket, decltype(getsockname) ask) {
  sockaddr_storage address = {};
  socklen_t length = sizeof address;
  return ask(socket, reinterpret_cast<sockaddr*>(&address), &length) == 0 ? in_words(address) : "";
}

bool is_loopback(const std::string& address) { return address.rfind("127.", 0) == 0 || address == "::1"; }

/// The addresses of a host, IPv4 first.
std::vector<sockaddr_storage> resolved(const std::string& host, uint16_t port) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int code = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (code != 0) throw std::runtime_error("the host " + host + " is not known (" + gai_strerror(code) + ")");
  std::vector<sockaddr_storage> found;
  for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
    sockaddr_storage address = {};
    std::memcpy(&address, one->ai_addr, one->ai_addrlen);
    found.push_back(address);
  }
  freeaddrinfo(list);
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return a.ss_family == AF_INET && b.ss_family != AF_INET;
  });
  return found;
}

socklen_t length_of(const sockaddr_storage& address) {
  return address.ss_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
}

/// Listens at the port: on this machine alone where the host says so, otherwise at all its addresses.
int listening(const std::string& host, uint16_t port) {
  sockaddr_storage address = resolved(host, port).front();
  // Debian gives a machine's own name an address of its own in /etc/hosts: 127.0.1.1.
  const bool is_local = host == "localhost" || is_loopback(host);
  if (!is_local) {
    if (address.ss_family == AF_INET) reinterpret_cast<sockaddr_in&>(address).sin_addr.s_addr = htonl(INADDR_ANY);
    else reinterpret_cast<sockaddr_in6&>(address).sin6_addr = in6addr_any;
  }
  const int socket = ::socket(address.ss_family, SOCK_STREAM, 0);
  const int on = 1;
  setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(socket, reinterpret_cast<sockaddr*>(&address), length_of(address)) != 0 || listen(socket, 128) != 0) {
    const std::string reason = std::strerror(errno);
    close(socket);
    throw std::runtime_error("the port cannot be listened at: " + reason);
  }
  prepare(socket);
  return socket;
}

/// Waits until a socket can be read or written.
bool ready(int socket, short what, steady_clock::time_point until) {
  const auto left = std::chrono::duration_cast<milliseconds>(until - steady_clock::now()).count();
  pollfd waiting = {socket, what, 0};
  return left > 0 && poll(&waiting, 1, static_cast<int>(left)) == 1;
}

/// Exactly `count` bytes; empty when the other closes or is silent until then.
std::string received(int socket, size_t count, steady_clock::time_point until) {
  std::string bytes;
  while (bytes.size() < count) {
    char piece[256];
    if (!ready(socket, POLLIN, until)) return "";
    const ssize_t length = recv(socket, piece, std::min(sizeof piece, count - bytes.size()), 0);
    if (length <= 0) return "";
    bytes.append(piece, static_cast<size_t>(length));
  }
  return bytes;
}

/// Connects to worker 0, which may not listen yet.
int connected(const std::string& host, uint16_t port, steady_clock::time_point until) {
  std::string reason = "nobody answers";
  while (steady_clock::now() < until) {
    try {
      for (const sockaddr_storage& address : resolved(host, port)) {
        const int socket = ::socket(address.ss_family, SOCK_STREAM, 0);
        prepare(socket);
        int error = connect(socket, reinterpret_cast<const sockaddr*>(&address), length_of(address)) == 0 ? 0 : errno;
        if (error == EINPROGRESS) {
          socklen_t length = sizeof error;
          const auto soon = std::min(until, steady_clock::now() + std::chrono::seconds(kPatience));
          error = ready(socket, POLLOUT, soon) ? 0 : ETIMEDOUT;
          if (error == 0) getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length);
        }
        if (error == 0) return socket;
        reason = std::strerror(error);
        close(socket);
      }
    } catch (const std::runtime_error& error) {
      reason = error.what();
    }
    std::this_thread::sleep_for(milliseconds(200));
  }
  throw std::runtime_error("worker 0 cannot be reached: " + reason);
}

/// One connection, as its owner's thread sees it.
struct Connection {
  int socket;
  /// -1 until it has shown that it knows the secret.
  int rank;
  std::string nonce;
  std::string in;
  std::string out;
  /// Ticks since it was heard last.
  int silent = 0;
  std::string address;
  bool left = false;
};

}  // namespace

/// What the thread and the process share. It outlives both.
struct SharedStore::Shared {
  MeetingPlace place;
  /// The store, until it goes.
  SharedStore* store = nullptr;
  mutable std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::string> unsent;
  int wake[2] = {-1, -1};
  bool together = false;
  bool leaving = false;
  bool ended = false;
  std::string loss;
  int strangers = 0;
  std::function<void()> then;
  std::string own;
  std::vector<std::string> addresses;

  // Of the thread alone.
  int listener = -1;
  std::list<Connection> connections;

  ~Shared() {
    for (const int end : wake) close(end);
  }

  void send(std::string bytes) {
    {
      const std::lock_guard<std::mutex> lock(mutex);
      unsent.push_back(std::move(bytes));
    }
    rouse();
  }

  void rouse() const {
    const char byte = 0;
    static_cast<void>(!write(wake[1], &byte, 1));
  }

  bool is_together() const {
    const std::lock_guard<std::mutex> lock(mutex);
    return together;
  }

  /// Keeps the first loss, tells the others where this is worker 0, and ends whoever waits.
  void lose(const std::string& why) {
    std::function<void()> call;
    {
      const std::lock_guard<std::mutex> lock(mutex);
      if (!loss.empty() || leaving) return;
      loss = why;
      call = then;
    }
    for (Connection& one : connections) {
      if (place.rank == 0 && one.rank > 0 && !one.left) one.out += frame(kLoss, "", why);
    }
    changed.notify_all();
    if (call) call();
  }

  void keep(const std::string& key, const std::string& value) {
    const std::vector<uint8_t> bytes(value.begin(), value.end());
    {
      const std::lock_guard<std::mutex> lock(mutex);
      if (store == nullptr) return;
      if (key == kAddresses) {
        addresses.clear();
        for (size_t from = 0; from < value.size();) {
          const size_t to = std::min(value.find(' ', from), value.size());
          addresses.push_back(value.substr(from, to - from));
          from = to + 1;
        }
        together = true;
      } else {
        store->c10d::HashStore::set(key, bytes);
      }
    }
    changed.notify_all();
  }

  static std::string name(const Connection& one) { return "worker " + std::to_string(one.rank); }

  /// Takes what a worker says. Returns whether it may go on.
  bool listen_to(Connection& one) {
    constexpr size_t kHead = 9;
    while (one.in.size() >= kHead) {
      const size_t key = number_at(one.in, 1), value = number_at(one.in, 5);
      if (key > kLongestKey || value > kLongestValue) return false;
      if (one.in.size() < kHead + key + value) return true;
      const std::string whole = one.in.substr(0, kHead + key + value);
      one.in.erase(0, whole.size());
      switch (static_cast<Frame>(whole[0])) {
        case kAlive:
          break;
        case kText:
          keep(whole.substr(kHead, key), whole.substr(kHead + key));
          for (Connection& other : connections) {
            if (place.rank == 0 && &other != &one && other.rank > 0) other.out += whole;
          }
          break;
        case kBye:
          one.left = true;
          break;
        case kLoss:
          lose(whole.substr(kHead + key));
          break;
        default:
          return false;
      }
    }
    return true;
  }

  /// Looks at the proof of one that has connected. Returns whether it may stay.
  bool admit(Connection& one) {
    if (one.in.size() < kGreeting) return true;
    const std::string said = one.in.substr(0, kGreeting - kProof);
    const bool knows = proves(one.in.substr(kGreeting - kProof, kProof), proof(place.secret, "worker", one.nonce + said));
    if (!knows || one.in.size() > kGreeting) {
      const std::lock_guard<std::mutex> lock(mutex);
      strangers++;
      return false;
    }
    const int rank = static_cast<int>(number_at(said, kNonce));
    const bool taken = rank < 1 || rank >= place.size ||
                       std::any_of(connections.begin(), connections.end(), [&](const Connection& other) { return other.rank == rank; });
    const State state = static_cast<int>(number_at(said, kNonce + 4)) != place.size ? kOtherSize : taken ? kTaken : kWelcome;
    const std::string head(1, static_cast<char>(state));
    one.out += head + proof(place.secret, "first", head + one.nonce + said);
    one.in.clear();
    if (state != kWelcome) {
      flush(one);
      return false;
    }
    one.rank = rank;
    one.silent = 0;
    return true;
  }

  /// Sends what it takes. Returns false when the connection is broken.
  static bool flush(Connection& one) {
    while (!one.out.empty()) {
      const ssize_t count = ::send(one.socket, one.out.data(), one.out.size(), MSG_NOSIGNAL);
      if (count < 0) return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
      one.out.erase(0, static_cast<size_t>(count));
    }
    return true;
  }

  /// Takes what has come. Returns false when the connection is to be closed.
  bool take(Connection& one) {
    char piece[1 << 16];
    const size_t most = one.rank < 0 ? kGreeting + 1 - one.in.size() : sizeof piece;
    const ssize_t count = recv(one.socket, piece, most, 0);
    if (count == 0) return false;
    if (count < 0) return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
    one.in.append(piece, static_cast<size_t>(count));
    if (one.rank < 0) return admit(one);
    one.silent = 0;
    return listen_to(one);
  }

  void accept_one() {
    sockaddr_storage address = {};
    socklen_t length = sizeof address;
    const int socket = accept(listener, reinterpret_cast<sockaddr*>(&address), &length);
    if (socket < 0) return;
    prepare(socket);
    const auto is_stranger = [](const Connection& one) { return one.rank < 0; };
    if (std::count_if(connections.begin(), connections.end(), is_stranger) >= static_cast<long>(kMostStrangers)) {
      const auto oldest = std::find_if(connections.begin(), connections.end(), is_stranger);
      close(oldest->socket);
      connections.erase(oldest);
    }
    connections.push_back({socket, -1, nonce(), "", "", 0, in_words(address)});
    connections.back().out = connections.back().nonce;
  }

  /// Worker 0, once all have come: says to each where the others are. Nobody else is let in.
  void complete() {
    const auto count = std::count_if(connections.begin(), connections.end(), [](const Connection& one) { return one.rank > 0; });
    if (is_together() || count < place.size - 1) return;
    std::vector<std::string> all(static_cast<size_t>(place.size));
    for (const Connection& one : connections) {
      if (one.rank < 0) continue;
      all[static_cast<size_t>(one.rank)] = one.address;
      const std::string own = address_of(one.socket, getsockname);
      if (all[0].empty() || is_loopback(all[0])) all[0] = own;
    }
    std::string text;
    for (std::string& address : all) {
      // A worker on the machine of worker 0 may have come from 127.0.0.1, where the others do not find it.
      if (is_loopback(address)) address = all[0];
      text += (text.empty() ? "" : " ") + address;
    }
    for (Connection& one : connections) {
      if (one.rank > 0) one.out += frame(kText, kAddresses, text);
    }
    close(listener);
    listener = -1;
    keep(kAddresses, text);
  }

  /// Once a second of the time in which this process runs.
  void tick(int number) {
    const int most = static_cast<int>((place.silence.count() + 999) / 1000);
    const bool speaks = number % std::max(1, most / 5) == 0;
    const bool all_here = is_together();
    for (auto one = connections.begin(); one != connections.end();) {
      one->silent++;
      if (one->rank < 0 ? one->silent > kPatience : one->silent > most && !one->left) {
        if (one->rank >= 0 && (place.rank > 0 || all_here)) {
          lose(name(*one) + " has given no sign of life for " + std::to_string(most) + " seconds");
        }
        close(one->socket);
        one = connections.erase(one);
        continue;
      }
      if (speaks && one->rank >= 0) one->out += frame(kAlive, "", "");
      ++one;
    }
  }

  void run() {
    auto last = steady_clock::now();
    for (int ticks = 0;;) {
      std::vector<pollfd> waiting = {{wake[0], POLLIN, 0}};
      if (listener >= 0) waiting.push_back({listener, POLLIN, 0});
      for (const Connection& one : connections) {
        waiting.push_back({one.socket, static_cast<short>(one.out.empty() ? POLLIN : POLLIN | POLLOUT), 0});
      }
      poll(waiting.data(), waiting.size(), 1000);
      char bytes[64];
      while (read(wake[0], bytes, sizeof bytes) > 0) {
      }
      bool leaves;
      {
        const std::lock_guard<std::mutex> lock(mutex);
        for (const std::string& text : unsent) {
          for (Connection& one : connections) {
            if (one.rank >= 0) one.out += text;
          }
        }
        unsent.clear();
        leaves = leaving;
      }
      for (auto one = connections.begin(); one != connections.end();) {
        const auto events = std::find_if(waiting.begin(), waiting.end(), [&](const pollfd& w) { return w.fd == one->socket; });
        const bool heard = events != waiting.end() && (events->revents & (POLLIN | POLLHUP | POLLERR)) != 0;
        const bool stays = (!heard || take(*one)) && flush(*one) && one->out.size() <= kLongestUnsent;
        if (stays) {
          ++one;
          continue;
        }
        // One that is lost before all have come may come again.
        if (one->rank >= 0 && !one->left && (place.rank > 0 || is_together())) lose(name(*one) + " has ended");
        close(one->socket);
        one = connections.erase(one);
      }
      if (listener >= 0 && (waiting[1].revents & POLLIN) != 0) accept_one();
      if (listener >= 0) complete();
      for (Connection& one : connections) flush(one);
      // A process that was stopped for an hour wakes once, not 3600 times.
      if (steady_clock::now() - last >= std::chrono::seconds(1)) {
        last = steady_clock::now();
        tick(++ticks);
      }
      if (leaves) break;
    }
    for (Connection& one : connections) close(one.socket);
    if (listener >= 0) close(listener);
    const std::lock_guard<std::mutex> lock(mutex);
    ended = true;
    changed.notify_all();
  }
};

namespace {

/// Shows worker 0 that this one knows the secret, and the other way about.
void introduce(int socket, const MeetingPlace& place, steady_clock::time_point until) {
  const auto soon = std::min(until, steady_clock::now() + std::chrono::seconds(kPatience));
  const std::string theirs = received(socket, kNonce, soon);
  if (theirs.empty()) throw std::runtime_error("what answers there is no worker");
  const std::string said = nonce() + number(static_cast<uint32_t>(place.rank)) + number(static_cast<uint32_t>(place.size));
  const std::string greeting = said + proof(place.secret, "worker", theirs + said);
  if (::send(socket, greeting.data(), greeting.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(greeting.size())) {
    throw std::runtime_error("worker 0 has closed the connection");
  }
  const std::string answer = received(socket, kAnswer, soon);
  if (answer.empty()) throw std::runtime_error("worker 0 has another secret than this worker");
  if (!proves(answer.substr(1), proof(place.secret, "first", answer.substr(0, 1) + theirs + said))) {
    throw std::runtime_error("what answers there does not know the secret of this worker");
  }
  if (answer[0] == kTaken) throw std::runtime_error("there is a worker " + std::to_string(place.rank) + " already");
  if (answer[0] == kOtherSize) throw std::runtime_error("worker 0 waits for another number of workers");
}

}  // namespace

SharedStore::SharedStore(const MeetingPlace& place) : shared_(std::make_shared<Shared>()) {
  Shared& shared = *shared_;
  const auto until = steady_clock::now() + place.to_meet;
  shared.place = place;
  shared.store = this;
  if (pipe(shared.wake) != 0) throw std::runtime_error("too many files are open");
  for (const int end : shared.wake) prepare(end);
  if (place.rank == 0) {
    shared.listener = listening(place.host, place.port);
  } else {
    const int socket = connected(place.host, place.port, until);
    try {
      introduce(socket, place, until);
    } catch (...) {
      close(socket);
      throw;
    }
    shared.own = address_of(socket, getsockname);
    shared.connections.push_back({socket, 0, "", "", "", 0, address_of(socket, getpeername)});
  }
  // Detached: a process that ends does not wait for it.
  std::thread([kept = shared_] { kept->run(); }).detach();
  std::unique_lock<std::mutex> lock(shared.mutex);
  const bool came = shared.changed.wait_until(lock, until, [&] { return shared.together || !shared.loss.empty(); });
  if (came && shared.loss.empty()) {
    const size_t rank = static_cast<size_t>(place.rank);
    const bool is_local = shared.own.empty() || is_loopback(shared.own);
    if (is_local && rank < shared.addresses.size()) shared.own = shared.addresses[rank];
    return;
  }
  std::string why = shared.loss;
  if (why.empty()) why = "not all of the " + std::to_string(place.size) + " workers have come within " + std::to_string(place.to_meet.count() / 1000) + " seconds";
  if (shared.strangers > 0) why += "; " + std::to_string(shared.strangers) + " that connected did not know the secret";
  shared.store = nullptr;
  shared.leaving = true;
  lock.unlock();
  shared.rouse();
  throw std::runtime_error(why);
}

SharedStore::~SharedStore() { leave(); }

void SharedStore::set(const std::string& key, const std::vector<uint8_t>& value) {
  c10d::HashStore::set(key, value);
  shared_->send(frame(kText, key, std::string(value.begin(), value.end())));
}

std::string SharedStore::address() const {
  const std::lock_guard<std::mutex> lock(shared_->mutex);
  return shared_->own;
}

std::vector<std::string> SharedStore::addresses() const {
  const std::lock_guard<std::mutex> lock(shared_->mutex);
  return shared_->addresses;
}

void SharedStore::when_lost(std::function<void()> then) {
  bool now;
  {
    const std::lock_guard<std::mutex> lock(shared_->mutex);
    shared_->then = then;
    now = !shared_->loss.empty();
  }
  if (now) then();
}

std::string SharedStore::loss() const {
  const std::lock_guard<std::mutex> lock(shared_->mutex);
  return shared_->loss;
}

void SharedStore::leave() {
  shared_->send(frame(kBye, "", ""));
  std::unique_lock<std::mutex> lock(shared_->mutex);
  shared_->store = nullptr;
  shared_->leaving = true;
  shared_->then = nullptr;
  lock.unlock();
  shared_->rouse();
  lock.lock();
  shared_->changed.wait_for(lock, std::chrono::seconds(1), [&] { return shared_->ended; });
}

}  // namespace gantry
#endif
