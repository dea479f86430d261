//! Signatures of requests, version 4, in their headers: nothing of them stands in addresses, which proxies and stores log.

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings, UriPathNormalizationMode,
    sign,
};
use aws_sigv4::sign::v4;
use bytes::Bytes;
use http::Request;
use std::time::SystemTime;

/// The request to `url`, which is as it is sent, with its signature and that of its body.
pub(super) fn request(
    method: &str,
    url: &str,
    body: Vec<u8>,
    credentials: &Credentials,
    region: &str,
) -> Result<Request<Bytes>, String> {
    let mut settings = SigningSettings::default();
    // As stores of this kind have it, and other services not.
    settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    settings.percent_encoding_mode = PercentEncodingMode::Single;
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    let identity = credentials.clone().into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("s3")
        .time(SystemTime::now())
        .settings(settings)
        .build()
        .map_err(|error| error.to_string())?
        .into();
    let signable = SignableRequest::new(method, url, std::iter::empty(), SignableBody::Bytes(&body));
    let signed = signable.and_then(|signable| sign(signable, &parameters)).map_err(|error| error.to_string())?;
    let (instructions, _) = signed.into_parts();
    let request = Request::builder().method(method).uri(url).body(Bytes::from(body));
    let mut request = request.map_err(|error| error.to_string())?;
    instructions.apply_to_request_http1x(&mut request);
    Ok(request)
}
