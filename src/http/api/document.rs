//! The document of the interface (OpenAPI 3.1), written from the table of operations.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use utoipa::PartialSchema;
use utoipa::ToSchema;
use utoipa::openapi::path::{Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn, Paths};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{
    ArrayBuilder, ComponentsBuilder, KnownFormat, ObjectBuilder, SchemaFormat, Type,
};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{
    Content as Media, HttpMethod, InfoBuilder, OpenApiBuilder, Ref, RefOr, Required, ResponseBuilder, Schema,
};

use super::error::Problem;
use super::routes::{self, Content, ROWS, Row, Shape};

const ABOUT: &str = "The JSON interface of Tresor. Sign in with `POST /api/v1/session` and keep its cookie, or send name and \
    password, best a device's, in an `Authorization` header with each request. Uploads that can be resumed use tus at \
    `/tus/`; see the documentation.";

/// The document as JSON.
pub(super) fn text() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(write);
    &TEXT
}

fn write() -> String {
    let mut shapes = BTreeMap::new();
    let mut paths = Paths::new();
    add(&mut shapes, &shape_of_problem());
    for row in ROWS {
        paths.add_path_operation(row.path, vec![method(row)], operation(row, &mut shapes));
    }
    let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new("__Host-tresor")));
    let basic = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Basic).build());
    let components = shapes
        .into_iter()
        .fold(ComponentsBuilder::new(), |components, (name, schema)| components.schema(name, schema));
    let document = OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Tresor")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(ABOUT))
                .build(),
        )
        .paths(paths)
        .components(Some(
            components.security_scheme("session", cookie).security_scheme("password", basic).build(),
        ))
        .build();
    document.to_json().unwrap_or_default()
}

fn method(row: &Row) -> HttpMethod {
    match row.method.as_str() {
        "POST" => HttpMethod::Post,
        "PUT" => HttpMethod::Put,
        "PATCH" => HttpMethod::Patch,
        "DELETE" => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}

fn operation(row: &Row, shapes: &mut BTreeMap<String, RefOr<Schema>>) -> Operation {
    let name = format!("{:?}", row.operation);
    let (first, rest) = name.split_at(1);
    let in_path = row.path.split('/').filter_map(routes::names).map(path_parameter);
    let in_query = row.query.iter().map(|query| {
        let required = if query.is_required { Required::True } else { Required::False };
        parameter(query.name, ParameterIn::Query, required, Type::String)
            .description(Some(query.about))
            .build()
    });
    let mut answer = ResponseBuilder::new().description(row.about);
    for (media_type, media) in media(row.answer, shapes) {
        // A content has the type of its name.
        let media_type = if matches!(row.answer, Content::Bytes) { "*/*" } else { media_type };
        answer = answer.content(media_type, media);
    }
    let problem = Media::new(Some(Ref::from_schema_name(Problem::name())));
    let refused =
        ResponseBuilder::new().description("A refusal.").content("application/problem+json", problem);
    let mut operation = OperationBuilder::new()
        .operation_id(Some(first.to_lowercase() + rest))
        .summary(Some(row.about))
        .parameters(Some(in_path.chain(in_query)))
        .response(row.status.to_string(), answer.build())
        .response("default", refused.build());
    // A range, and the replaced content of a file that was there.
    for (status, about) in match row.operation {
        routes::Operation::ReadContent => &[("206", "A range."), ("304", "Nothing changed.")][..],
        routes::Operation::StoreContent => &[("204", "It replaced what was there.")][..],
        _ => &[],
    } {
        operation = operation.response(*status, ResponseBuilder::new().description(*about).build());
    }
    let bodies = media(row.body, shapes);
    if !bodies.is_empty() {
        let mut body = RequestBodyBuilder::new().required(Some(Required::True));
        for (media_type, media) in bodies {
            body = body.content(media_type, media);
        }
        operation = operation.request_body(Some(body.build()));
    }
    if !matches!(row.operation, routes::Operation::Document | routes::Operation::OpenSession) {
        let ways = ["session", "password"].map(|way| SecurityRequirement::new(way, Vec::<String>::new()));
        operation = operation.securities(Some(ways));
    }
    operation.build()
}

/// Ids are numbers; spaces have names.
fn path_parameter(name: &'static str) -> Parameter {
    let kind = if name == "space" { Type::String } else { Type::Integer };
    parameter(name, ParameterIn::Path, Required::True, kind).build()
}

fn parameter(name: &str, place: ParameterIn, required: Required, kind: Type) -> ParameterBuilder {
    let schema = ObjectBuilder::new().schema_type(kind).build();
    ParameterBuilder::new().name(name).parameter_in(place).required(required).schema(Some(schema))
}

fn media(content: Content, shapes: &mut BTreeMap<String, RefOr<Schema>>) -> Vec<(&'static str, Media)> {
    match content {
        Content::None => Vec::new(),
        Content::One(shape) => {
            add(shapes, &shape);
            vec![("application/json", Media::new(Some(Ref::from_schema_name((shape.name)()))))]
        }
        Content::Many(shape) => {
            add(shapes, &shape);
            let items = ArrayBuilder::new().items(Ref::from_schema_name((shape.name)()));
            vec![("application/json", Media::new(Some(items.build())))]
        }
        Content::Bytes => {
            let bytes = ObjectBuilder::new()
                .schema_type(Type::String)
                .format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)));
            vec![("application/octet-stream", Media::new(Some(bytes.build())))]
        }
        Content::Text => vec![("text/plain", Media::new(Some(String::schema())))],
        Content::Document => {
            vec![(
                "application/json",
                Media::new(Some(ObjectBuilder::new().schema_type(Type::Object).build())),
            )]
        }
    }
}

fn add(shapes: &mut BTreeMap<String, RefOr<Schema>>, shape: &Shape) {
    let mut parts = vec![((shape.name)().into_owned(), (shape.schema)())];
    (shape.parts)(&mut parts);
    shapes.extend(parts);
}

fn shape_of_problem() -> Shape {
    Shape { name: Problem::name, schema: Problem::schema, parts: Problem::schemas }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_has_every_operation_and_no_other() {
        let document: serde_json::Value = serde_json::from_str(text()).unwrap();
        let mut described = Vec::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            let methods = methods.as_object().unwrap().keys();
            described.extend(methods.map(|method| (method.to_uppercase(), path.clone())));
        }
        let mut known: Vec<_> =
            ROWS.iter().map(|row| (row.method.as_str().to_owned(), row.path.to_owned())).collect();
        described.sort();
        known.sort();
        assert_eq!(described, known);
    }
}
