#ifndef STEREOFARM_COMMON_CERTS_CREDENTIALS_H_
#define STEREOFARM_COMMON_CERTS_CREDENTIALS_H_

#include <cstdint>
#include <filesystem>
#include <string>

#include "common/base/status.h"
#include "common/certs/certificate.h"

namespace stereofarm {

// What a person or a machine needs to be let in: a folder with these four files, which `certs
// issue` made.
inline constexpr char kAuthorityFile[] = "authority.pem";
inline constexpr char kCertificateFile[] = "certificate.pem";
inline constexpr char kKeyFile[] = "key.pem";
inline constexpr char kTokenFile[] = "token";

struct Credentials {
  std::string authority;
  CertificateAndKey own;
  std::string token;  // 64 hexadecimal digits
};

// InvalidArgument: one sentence naming the folder or file: something is missing, doesn't fit
// together, or isn't valid at `now_micros` (wall clock).
absl::StatusOr<Credentials> ReadCredentials(const std::filesystem::path& folder,
                                            int64_t now_micros);
// Makes the folder, which only its owner may read. AlreadyExists when it holds something.
absl::Status WriteCredentials(const std::filesystem::path& folder, const Credentials& credentials);

// mkdir -p; the last folder is for its owner's eyes only.
absl::Status MakePrivateFolder(const std::filesystem::path& folder);

// A token's form; says nothing about whose it is.
bool IsToken(const std::string& text);

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_CERTS_CREDENTIALS_H_
