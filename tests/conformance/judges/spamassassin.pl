# Scores messages with SpamAssassin, without the network: the points of each .eml of each folder as JSON, and what for.
#
# perl spamassassin.pl RULES SITE STATE LETTERS…
use strict;
use warnings;
use JSON::PP;
use Mail::SpamAssassin;

my ($rules, $site, $state, @folders) = @ARGV;
my $judge = Mail::SpamAssassin->new({
    rules_filename => $rules,
    site_rules_filename => $site,
    local_state_dir => $state,
    userstate_dir => $state,
    userprefs_filename => "$state/user_prefs",
    local_tests_only => 1,
    dont_copy_prefs => 1,
    # What it learnt of other letters is nobody's business here. What a server looks at is not either: how a letter came.
    post_config_text => "use_bayes 0\nuse_auto_welcomelist 0\n",
});
my %scores;
for my $folder (@folders) {
    for my $path (glob "$folder/*.eml") {
        my ($name) = $path =~ m{([^/]+)\z};
        open my $file, '<:raw', $path or die "$path: $!";
        my $mail = $judge->parse(do { local $/; <$file> });
        my $status = $judge->check($mail);
        my ($tests) = $status->get_names_of_tests_hit_with_scores;
        push @{ $scores{$name} }, { score => 0 + $status->get_score, why => $tests // '' };
        $status->finish;
        $mail->finish;
    }
}
print JSON::PP->new->utf8->encode(\%scores);
