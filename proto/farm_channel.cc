#include "proto/farm_channel.h"

#include <filesystem>

#include "absl/strings/str_format.h"
#include "grpc/support/log.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"

namespace stereofarm {
namespace {

constexpr char kUnix[] = "unix:";
constexpr int kHandshakeMs = 20'000;

std::string GrpcTarget(const std::string& address) {
  if (!address.starts_with(kUnix)) return "dns:///" + address;
  return kUnix + std::filesystem::absolute(address.substr(sizeof(kUnix) - 1)).string();
}

}  // namespace

absl::StatusOr<FarmPlace> PlaceOfFarm(const std::string& address, const std::string& tls_folder,
                                      Clock* clock) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == address.size()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("--farm: '%s' is neither unix:PATH nor HOST:PORT", address));
  }
  FarmPlace place{address, std::nullopt};
  if (!tls_folder.empty()) {
    SF_ASSIGN_OR_RETURN(place.credentials, ReadCredentials(tls_folder, clock->WallMicros()));
  }
  return place;
}

std::shared_ptr<grpc::Channel> OpenFarmChannel(const FarmPlace& place,
                                               const grpc::ChannelArguments& arguments) {
  // What goes wrong comes back with each call; the library needn't print it too.
  gpr_set_log_function([](gpr_log_func_args*) {});
  if (!place.credentials) {
    return grpc::CreateCustomChannel(GrpcTarget(place.address), grpc::InsecureChannelCredentials(),
                                     arguments);
  }
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = place.credentials->authority;
  tls.pem_cert_chain = place.credentials->own.certificate;
  tls.pem_private_key = place.credentials->own.key;
  // The pause between attempts to connect is also the least time that each of them has, and a
  // handshake over a long line or on a busy machine takes a while.
  grpc::ChannelArguments patient = arguments;
  patient.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kHandshakeMs);
  return grpc::CreateCustomChannel(
      GrpcTarget(place.address),
      grpc::CompositeChannelCredentials(grpc::SslCredentials(tls),
                                        grpc::AccessTokenCredentials(place.credentials->token)),
      patient);
}

std::string WhyUnreachable(const FarmPlace& place, const std::string& detail) {
  const auto said = [&detail](const char* words) {
    return detail.find(words) != std::string::npos;
  };
  const char* why = "check the address and that stereofarm-coordinator serves it";
  if (said("certificate verify failed")) {
    why =
        "its certificate has ended or another authority made it; use the --tls folder that was "
        "issued for this farm";
  } else if (said("is not in peer certificate")) {
    why =
        "its certificate was made for other hosts; use a name that `certs init --host` named, or "
        "add this one with `certs host`";
  } else if (said("wrong version number")) {
    why = "it speaks without TLS; leave --tls out";
  } else if (said("Socket closed") || said("Connection reset") || said("handshake failed") ||
             said("Broken pipe")) {
    why = place.credentials ? "it hangs up: it doesn't take the certificate of --tls; ask its "
                              "operator to issue it again"
                            : "it hangs up: if it has TLS, name the folder that lets you in with "
                              "--tls";
  }
  return absl::StrFormat("the farm at %s does not answer; %s", place.address, why);
}

}  // namespace stereofarm
