#include "common/base/hash.h"

#include <openssl/evp.h>

#include <fstream>
#include <vector>

#include "absl/strings/str_format.h"
#include "common/base/log.h"

namespace stereofarm {

struct Sha256::State {
  State() : context(EVP_MD_CTX_new()) {
    SF_CHECK(context != nullptr && EVP_DigestInit_ex(context, EVP_sha256(), nullptr) == 1);
  }
  ~State() { EVP_MD_CTX_free(context); }
  EVP_MD_CTX* context;
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::Update(const void* data, size_t size) {
  SF_CHECK(EVP_DigestUpdate(state_->context, data, size) == 1);
}

std::string Sha256::Finish() {
  unsigned char digest[32];
  SF_CHECK(EVP_DigestFinal_ex(state_->context, digest, nullptr) == 1);
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (unsigned char byte : digest) {
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

std::string Sha256Hex(std::string_view bytes) {
  Sha256 hash;
  hash.Update(bytes);
  return hash.Finish();
}

absl::StatusOr<std::string> Sha256OfFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrFormat("cannot open %s", path.string()));
  std::vector<char> buffer(1 << 16);
  Sha256 hash;
  while (file) {
    file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    hash.Update(buffer.data(), static_cast<size_t>(file.gcount()));
  }
  if (file.bad()) return absl::DataLossError(absl::StrFormat("cannot read %s", path.string()));
  return hash.Finish();
}

}  // namespace stereofarm
