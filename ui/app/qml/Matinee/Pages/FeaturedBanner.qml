pragma ComponentBehavior: Bound
import QtQuick
import Matinee.Theme
import Matinee.Controls

// One large title at the top of the home page, or none.
ListView {
    id: root

    signal titleChosen(string titleId) // to its page
    signal playChosen(string titleId)

    property real covered: 0 // of the top, by the bar
    property string still // of the card, until the wide picture is there

    implicitHeight: Theme.px(430)
    interactive: false
    keyNavigationEnabled: false
    delegate: FocusScope {
        id: hero

        required property string titleId
        required property string name
        required property string facts
        required property string synopsis
        required property string remaining
        required property real progress
        required property string poster
        required property string logo
        required property real across
        required property real down

        width: root.width
        height: root.height

        Item {
            anchors { right: parent.right; top: parent.top }
            height: parent.height
            width: Math.round(Math.min(parent.width * 0.72, height * 16 / 9 * 1.15))
            FocalImage {
                objectName: "heroStill"
                anchors.fill: parent
                source: root.still
                focalX: hero.across
                focalY: hero.down
                covered: root.covered
            }
            FocalImage {
                objectName: "heroPicture"
                anchors.fill: parent
                source: hero.poster
                focalX: hero.across
                focalY: hero.down
                covered: root.covered
            }
            Rectangle {
                anchors.fill: parent
                rotation: LayoutMirroring.enabled ? 180 : 0 // a gradient is not mirrored by itself
                gradient: Gradient {
                    orientation: Gradient.Horizontal
                    GradientStop { position: 0; color: Theme.background }
                    GradientStop { position: 0.55; color: Theme.veil }
                }
            }
            Rectangle {
                anchors.fill: parent
                gradient: Gradient {
                    GradientStop { position: 0; color: Theme.veilDeep } // under the bar at the top
                    GradientStop { position: 0.2; color: Theme.veilHalf }
                    GradientStop { position: 0.4; color: Theme.veil }
                    GradientStop { position: 0.62; color: Theme.veil }
                    GradientStop { position: 1; color: Theme.background }
                }
            }
        }
        Column {
            anchors { left: parent.left; leftMargin: Theme.margin; bottom: parent.bottom; bottomMargin: Theme.px(36) }
            width: Math.min(parent.width * 0.5, Theme.px(560))
            spacing: Theme.px(12)
            TitleLogo {
                width: parent.width
                name: hero.name
                logo: hero.logo
            }
            Label { anchors.left: parent.left; text: hero.facts; color: Theme.muted }
            Label {
                width: parent.width
                text: hero.synopsis
                wrapMode: Text.Wrap
                maximumLineCount: 3
                lineHeight: 1.2
                color: Theme.soft
                visible: text
            }
            Item { width: 1; height: Theme.tiny }
            FocusRow {
                anchors.left: parent.left
                spacing: Theme.gap
                focus: true
                ActionButton {
                    objectName: "playFeatured"
                    text: hero.progress > 0 ? qsTr("Resume") : qsTr("Play")
                    icon: "play"
                    name: text + " " + hero.name
                    primary: true
                    focus: true
                    onPressed: root.playChosen(hero.titleId)
                }
                ActionButton {
                    objectName: "moreFeatured"
                    text: qsTr("Details")
                    icon: "info"
                    name: qsTr("Details of %1").arg(hero.name)
                    onPressed: root.titleChosen(hero.titleId)
                }
                Label {
                    anchors.verticalCenter: parent.verticalCenter
                    text: hero.remaining
                    color: Theme.muted
                    visible: text
                }
            }
        }
    }
}
