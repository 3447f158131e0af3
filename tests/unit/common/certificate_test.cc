#include "common/certs/certificate.h"

#include <gtest/gtest.h>

#include "common/base/file_system.h"
#include "common/certs/credentials.h"
#include "tests/support/temp_folder.h"

namespace stereofarm {
namespace {

constexpr int64_t kSecond = 1'000'000;
constexpr Validity kValid = {1'700'000'000 * kSecond, 1'800'000'000 * kSecond};

TEST(CertificateTest, SaysWhatItWasMadeFor) {
  const auto authority = MakeAuthority(kValid);
  ASSERT_TRUE(authority.ok()) << authority.status();
  const auto caller = MakeCallerCertificate(*authority, "node-7.rack_2", Role::kWork, kValid);
  ASSERT_TRUE(caller.ok()) << caller.status();
  const auto facts = ReadCertificate(caller->certificate);
  ASSERT_TRUE(facts.ok());
  EXPECT_EQ(facts->name, "node-7.rack_2");
  EXPECT_EQ(facts->role, Role::kWork);
  EXPECT_EQ(facts->validity.begin_micros, kValid.begin_micros);
  EXPECT_EQ(facts->validity.end_micros, kValid.end_micros);
  const auto server =
      MakeServerCertificate(*authority, {"farm.example", "192.0.2.7", "::1"}, kValid);
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_EQ(ReadCertificate(server->certificate)->hosts,
            (std::vector<std::string>{"farm.example", "192.0.2.7", "::1"}));
  EXPECT_EQ(ReadCertificate(server->certificate)->role, std::nullopt);
}

TEST(CertificateTest, KeysAndAuthoritiesAreTold) {
  const auto ours = MakeAuthority(kValid);
  const auto theirs = MakeAuthority(kValid);
  const auto caller = MakeCallerCertificate(*ours, "ann", Role::kSubmit, kValid);
  const auto other = MakeCallerCertificate(*ours, "ann", Role::kSubmit, kValid);
  ASSERT_TRUE(ours.ok() && theirs.ok() && caller.ok() && other.ok());
  EXPECT_TRUE(CheckKeyFits(*caller).ok());
  EXPECT_FALSE(CheckKeyFits({caller->certificate, other->key}).ok());
  EXPECT_TRUE(CheckSignedBy(caller->certificate, ours->certificate).ok());
  EXPECT_FALSE(CheckSignedBy(caller->certificate, theirs->certificate).ok());
  EXPECT_FALSE(
      MakeCallerCertificate({ours->certificate, theirs->key}, "ann", Role::kSubmit, kValid).ok());
}

TEST(CertificateTest, NonsenseIsRefused) {
  const auto authority = MakeAuthority(kValid);
  ASSERT_TRUE(authority.ok());
  for (const char* name :
       {"", ".", "..", "../x", "a/b", "-x", ".x", "a b", "a,URI:stereofarm", "\xc3\xa4", "a\nb"}) {
    EXPECT_FALSE(MakeCallerCertificate(*authority, name, Role::kSubmit, kValid).ok()) << name;
  }
  EXPECT_FALSE(IsCallerName(std::string(65, 'a')));
  EXPECT_FALSE(IsCallerName(std::string("a\0b", 3)));
  for (const char* host : {"", "a b", "a,DNS:b", "-a", ".a", "a/b", "[::1]", "a:1"}) {
    EXPECT_FALSE(MakeServerCertificate(*authority, {host}, kValid).ok()) << host;
  }
  EXPECT_FALSE(MakeServerCertificate(*authority, {}, kValid).ok());
  const std::string begin = "-----BEGIN CERTIFICATE-----\n";
  for (const std::string& text : {std::string(), std::string("x"), begin, begin + "AAAA\n",
                                  authority->key, std::string(1000, '\0')}) {
    EXPECT_FALSE(ReadCertificate(text).ok());
    EXPECT_FALSE(CheckKeyFits({text, authority->key}).ok());
    EXPECT_FALSE(CheckKeyFits({authority->certificate, text == authority->key ? "" : text}).ok());
    EXPECT_FALSE(CheckSignedBy(authority->certificate, text).ok());
  }
}

TEST(CredentialsTest, FolderIsWrittenOnceAndReadBack) {
  const TempFolder folder;
  const auto authority = MakeAuthority(kValid);
  ASSERT_TRUE(authority.ok());
  const auto own = MakeCallerCertificate(*authority, "ann", Role::kSubmit, kValid);
  ASSERT_TRUE(own.ok());
  const Credentials credentials{authority->certificate, *own, std::string(64, 'a')};
  const std::filesystem::path path = folder / "ann";
  ASSERT_TRUE(WriteCredentials(path, credentials).ok());
  EXPECT_EQ(WriteCredentials(path, credentials).code(), absl::StatusCode::kAlreadyExists);
  const int64_t now = 1'750'000'000 * kSecond;
  const auto read = ReadCredentials(path, now);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->token, credentials.token);
  EXPECT_FALSE(ReadCredentials(path, kValid.begin_micros - kSecond).ok());
  EXPECT_FALSE(ReadCredentials(path, kValid.end_micros).ok());

  const auto spoil = [&](const char* file, const std::string& content) {
    const std::string whole = ReadFile(path / file).value();
    EXPECT_TRUE(WritePrivateFile(path / file, content).ok());
    const absl::Status status = ReadCredentials(path, now).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << file;
    EXPECT_NE(std::string(status.message()).find("--tls"), std::string::npos) << status;
    EXPECT_TRUE(WritePrivateFile(path / file, whole).ok());
  };
  spoil(kTokenFile, "");
  spoil(kTokenFile, "short");
  spoil(kTokenFile, std::string(64, 'G'));
  spoil(kKeyFile, MakeAuthority(kValid)->key);
  spoil(kKeyFile, "");
  spoil(kCertificateFile, "nothing");
  spoil(kAuthorityFile, MakeAuthority(kValid)->certificate);
  EXPECT_EQ(ReadCredentials(folder / "none", now).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace stereofarm
