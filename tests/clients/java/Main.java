import java.util.Scanner;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.sts.StsClient;

/** A client in Java: for each line on stdin, a line of JSON that says who it is to AWS, or why it was refused. */
public final class Main {
    private Main() {}

    public static void main(String[] words) {
        StsClient identities = StsClient.create();
        S3Client buckets = S3Client.create();
        for (Scanner lines = new Scanner(System.in); lines.hasNextLine(); lines.nextLine()) {
            System.out.println(call(identities, buckets));
        }
    }

    private static String call(StsClient identities, S3Client buckets) {
        try {
            String arn = identities.getCallerIdentity().arn();
            buckets.listBuckets();
            return "{\"arn\": " + quoted(arn) + "}";
        } catch (AwsServiceException error) {
            return refused(error.awsErrorDetails().errorCode(), error);
        } catch (SdkException error) {
            return refused(error.getClass().getSimpleName(), error);
        }
    }

    private static String refused(String name, Exception error) {
        return "{\"error\": " + quoted(name) + ", \"text\": " + quoted(error.getMessage()) + "}";
    }

    private static String quoted(String text) {
        StringBuilder out = new StringBuilder("\"");
        text.chars().forEach(c -> out.append(c < ' ' || c == '"' || c == '\\' ? String.format("\\u%04x", c) : (char) c));
        return out.append('"').toString();
    }
}
