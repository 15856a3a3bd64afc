// SHA-256 (FIPS 180-4) and HMAC (RFC 2104), for the proof that a worker knows the secret of its run.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace gantry {

using Digest = std::array<uint8_t, 32>;

Digest sha256(const std::string& bytes);
Digest hmac(const std::string& key, const std::string& message);

/// Whether two digests are equal, in a time that does not depend on where they differ.
bool same(const Digest& a, const Digest& b);

}  // namespace gantry
