#include "common/base/hash.h"

#include <openssl/evp.h>

#include <utility>

#include "common/base/log.h"
#include "common/base/regular_file.h"

namespace stereofarm {

struct Sha256::State {
  State() : context(EVP_MD_CTX_new()) {
    // Looked up once: that takes longer than hashing a small file.
    static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    SF_CHECK(context != nullptr && EVP_DigestInit_ex(context, algorithm, nullptr) == 1);
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

absl::StatusOr<FileDigest> DigestOfFile(const std::filesystem::path& path) {
  SF_ASSIGN_OR_RETURN(const std::unique_ptr<RegularFile> file, RegularFile::Open(path));
  Sha256 hash;
  FileDigest digest;
  char buffer[1 << 16];
  while (digest.size < file->size()) {
    SF_ASSIGN_OR_RETURN(const size_t got, file->ReadAt(digest.size, buffer, sizeof(buffer)));
    if (got == 0) break;
    hash.Update(buffer, got);
    digest.size += static_cast<int64_t>(got);
  }
  digest.sha256 = hash.Finish();
  return digest;
}

absl::StatusOr<std::string> Sha256OfFile(const std::filesystem::path& path) {
  SF_ASSIGN_OR_RETURN(FileDigest digest, DigestOfFile(path));
  return std::move(digest.sha256);
}

}  // namespace stereofarm
